"""Who may do what: signatures in headers, in the query, and none at all."""

import hmac
import re
from datetime import UTC, datetime

from .call import Call
from .errors import S3Error
from .keys import StoreKeys
from .links import Links
from .signing import (
    SCHEME,
    STAMP,
    UNSIGNED,
    Scope,
    canonical_request,
    header_lines,
    string_to_sign,
)

SKEW = 15 * 60
LONGEST_LINK = 7 * 86400
QUERY_FIELDS = ("Credential", "Date", "Expires", "SignedHeaders", "Signature")
_HASH = re.compile(r"[0-9a-f]{64}")


class Gate:
    def __init__(self, keys: StoreKeys, links: Links):
        self._keys, self._links = keys, links

    def admit(self, call: Call) -> str:
        """Raise unless the request is signed; answers the SHA-256 its body has to have.

        "UNSIGNED-PAYLOAD" leaves the body open.
        """
        in_query = any(name.lower() == "x-amz-signature" for name in call.query)
        header = call.headers.get("authorization", "")
        if in_query and header:
            raise S3Error("InvalidArgument", "Only one auth mechanism allowed")
        if in_query:
            return self._admit_link(call)
        if not header and not {"Signature", "AWSAccessKeyId"} & call.query.keys():
            raise S3Error("AccessDenied")
        if not header.startswith(f"{SCHEME} "):
            raise S3Error(
                "InvalidRequest",
                f"The authorization mechanism you have provided is not supported. Use {SCHEME}.",
            )
        return self._admit_header(call, header)

    def check(self, scope: Scope, text: str, signature: str) -> None:
        """Raise unless our own key made this signature."""
        if scope.key_id != self._keys.key_id:
            raise S3Error("InvalidAccessKeyId", AWSAccessKeyId=scope.key_id)
        expected = scope.sign(self._keys.secret, text)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            more = {"AWSAccessKeyId": scope.key_id, "StringToSign": text}
            raise S3Error("SignatureDoesNotMatch", **more)

    def _admit_header(self, call: Call, header: str) -> str:
        fields = dict(
            part.strip().split("=", 1) for part in header[len(SCHEME) :].split(",") if "=" in part
        )
        try:
            scope = Scope.read(fields["Credential"])
            signed, signature = fields["SignedHeaders"].split(";"), fields["Signature"]
        except (KeyError, ValueError):
            raise S3Error("AuthorizationHeaderMalformed") from None
        stamp = call.headers.get("x-amz-date", "")
        signed_at = read_stamp(stamp, scope)
        if abs(self._links.age(signed_at)) > SKEW:
            raise S3Error("RequestTimeTooSkewed")
        payload = _payload(call)
        self._check_request(call, scope, stamp, signed, signature, payload)
        return payload

    def _admit_link(self, call: Call) -> str:
        fields = {name: call.query.get(f"X-Amz-{name}", "") for name in QUERY_FIELDS}
        if call.query.get("X-Amz-Algorithm") != SCHEME or not all(fields.values()):
            raise _bad_link("Query-string authentication version 4 requires its six parameters.")
        try:
            scope = Scope.read(fields["Credential"])
        except ValueError:
            raise _bad_link("Error parsing the X-Amz-Credential parameter.") from None
        life = fields["Expires"]
        if not (life.isascii() and life.isdigit()) or not 1 <= int(life) <= LONGEST_LINK:
            raise _bad_link("X-Amz-Expires must be between 1 second and a week.")
        signed = fields["SignedHeaders"].split(";")
        age = self._links.age(read_stamp(fields["Date"], scope))
        if age < -SKEW:
            raise S3Error("AccessDenied", "Request is not yet valid")
        payload = call.query.get("X-Amz-Content-Sha256", UNSIGNED)
        signature = fields["Signature"]
        self._check_request(call, scope, fields["Date"], signed, signature, payload)
        if age > int(life):
            raise S3Error("AccessDenied", "Request has expired", Expires=life)
        return payload

    def _check_request(
        self,
        call: Call,
        scope: Scope,
        stamp: str,
        signed: list[str],
        signature: str,
        payload: str,
    ) -> None:
        sent = {name for name in call.headers if name.startswith("x-amz-")}
        unsigned = ({"host", *sent}) - set(signed)
        if unsigned:
            text = "There were headers present in the request which were not signed"
            raise S3Error("AccessDenied", text, HeadersNotSigned=", ".join(sorted(unsigned)))
        lines = header_lines({name: call.headers.get(name, "") for name in signed}, signed)
        pairs = [pair for pair in call.pairs if pair[0] != "X-Amz-Signature"]
        canonical = canonical_request(call.method, call.path, pairs, lines, payload)
        self.check(scope, string_to_sign(stamp, scope, canonical), signature)


def read_stamp(stamp: str, scope: Scope) -> float:
    """When something was signed; refused unless its credential is of that day."""
    try:
        moment = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        text = "AWS authentication requires a valid Date or x-amz-date header"
        raise S3Error("AccessDenied", text) from None
    if stamp[:8] != scope.date:
        raise S3Error("SignatureDoesNotMatch", "Invalid credential date.")
    return moment.timestamp()


def _payload(call: Call) -> str:
    """The body's hash as the header states it."""
    payload = call.headers.get("x-amz-content-sha256", "")
    if not payload:
        text = "Missing required header for this request: x-amz-content-sha256"
        raise S3Error("InvalidRequest", text)
    if payload.startswith("STREAMING-"):
        text = "aws-chunked encoding is not supported with the specified x-amz-content-sha256 value"
        raise S3Error("InvalidArgument", text)
    if payload != UNSIGNED and not _HASH.fullmatch(payload):
        text = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value."
        raise S3Error("InvalidArgument", text)
    return payload


def _bad_link(text: str) -> S3Error:
    return S3Error("AuthorizationQueryParametersError", text)
