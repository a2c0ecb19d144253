"""The policy of a browser's or mini-program's upload: what the back end has signed away."""

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from .auth import SKEW, Gate, read_stamp
from .errors import S3Error
from .links import Links
from .signing import SCHEME, Scope

FIELDS = ("key", "policy", "x-amz-credential", "x-amz-date", "x-amz-signature")
FREE = ("policy", "x-amz-signature", "file", "bucket")


class Policy:
    """A form's signed conditions. `least` and `most` limit the file's length."""

    def __init__(self, document: dict[str, Any]):
        self._document = document
        self.least, self.most = 0, None

    @classmethod
    def read(cls, fields: dict[str, str], gate: Gate, links: Links) -> "Policy":
        """Raise unless the form carries a policy of ours that has not expired."""
        if not {"policy", "x-amz-signature"} & fields.keys():
            raise S3Error("AccessDenied")
        for name in FIELDS:
            if not fields.get(name):
                text = f"Bucket POST must contain a field named '{name}'."
                raise S3Error("InvalidArgument", text, ArgumentName=name)
        try:
            scope = Scope.read(fields["x-amz-credential"])
        except ValueError:
            raise S3Error("InvalidArgument", "Error parsing x-amz-credential") from None
        if fields.get("x-amz-algorithm") != SCHEME:
            raise S3Error("InvalidArgument", f"X-Amz-Algorithm only supports {SCHEME}")
        signed_at = read_stamp(fields["x-amz-date"], scope)
        gate.check(scope, fields["policy"], fields["x-amz-signature"])
        policy = cls(_read_document(fields["policy"]))
        age = links.age(signed_at)
        if age < -SKEW or age > policy.expires_at - signed_at:
            raise _refused("Policy expired.")
        return policy

    @property
    def expires_at(self) -> float:
        try:
            moment = datetime.fromisoformat(self._document["expiration"])
        except (KeyError, TypeError, ValueError):
            raise _bad_document("expiration") from None
        if moment.tzinfo is None:
            raise _bad_document("expiration")
        return moment.timestamp()

    def check(self, fields: dict[str, str], bucket: str) -> None:
        """Raise unless every condition holds and every field is named by one."""
        values, named = fields | {"bucket": bucket}, set(FREE)
        for condition in self._conditions():
            operator, name, wanted = _read_condition(condition)
            if operator == "content-length-range":
                self.least, self.most = int(name), int(wanted)
                continue
            named.add(name)
            value = values.get(name, "")
            fits = value == wanted if operator == "eq" else value.startswith(wanted)
            if not fits:
                shown = json.dumps(condition, ensure_ascii=False)
                raise _refused(f"Policy Condition failed: {shown}")
        extra = [n for n in fields if n not in named and not n.startswith("x-ignore-")]
        if extra:
            raise _refused(f"Extra input fields: {', '.join(extra)}")

    def _conditions(self) -> list[Any]:
        conditions = self._document.get("conditions")
        if not isinstance(conditions, list):
            raise _bad_document("conditions")
        flat: list[Any] = []
        for condition in conditions:
            if isinstance(condition, dict):
                flat += [["eq", f"${name}", value] for name, value in condition.items()]
            else:
                flat.append(condition)
        return flat


def _read_document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise _bad_document("JSON") from None
    if not isinstance(document, dict):
        raise _bad_document("JSON")
    return document


def _read_condition(condition: Any) -> tuple[str, str, str]:
    """Operator, field name in lower case, and the value; of a range its two ends."""
    if not isinstance(condition, list) or len(condition) != 3:
        raise _bad_document("condition")
    operator, name, wanted = (str(part) for part in condition)
    operator = operator.lower()
    if operator == "content-length-range" and name.isdigit() and wanted.isdigit():
        return operator, name, wanted
    if operator not in ("eq", "starts-with") or not name.startswith("$"):
        raise _bad_document("condition")
    return operator, name[1:].lower(), wanted


def _refused(text: str) -> S3Error:
    return S3Error("AccessDenied", f"Invalid according to Policy: {text}")


def _bad_document(what: str) -> S3Error:
    return S3Error("InvalidPolicyDocument", f"Invalid Policy: Invalid {what}.")
