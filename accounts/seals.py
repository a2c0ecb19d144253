"""What the audit log's rows are signed and chained with; the key is not in the database."""

import hmac
import ipaddress
import json
from datetime import UTC
from hashlib import sha256
from typing import Any

from django.conf import settings

from config.db import ExactCharField

# The contract's columns and our own; all of a row but its id and its signature.
COLUMNS = (
    "admin_id", "admin_name", "module", "operation", "target_id", "target_type", "request_method",
    "request_url", "request_params", "changes", "ip_address", "user_agent", "status",
    "error_message", "execution_time", "request_id", "created_at",
)  # fmt: skip


def canonical(row: dict[str, Any]) -> bytes:
    """The same bytes for the same row, whichever database it was read from."""
    values = {name: row[name] for name in COLUMNS}
    values["created_at"] = row["created_at"].astimezone(UTC).isoformat(timespec="microseconds")
    values["ip_address"] = _address(row["ip_address"])
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def signature(row: dict[str, Any]) -> str:
    """Says that the application wrote this row; made before the database sees it."""
    return _hmac(b"row", canonical(row))


def link(seq: int, log_id: int, row: dict[str, Any], previous: str) -> str:
    """The digest of the row in its place of the chain."""
    place = f"{seq} {log_id} {row['signature']} {previous} ".encode()
    return _hmac(b"link", place + canonical(row))


def _hmac(purpose: bytes, message: bytes) -> str:
    key = settings.AUDIT_KEY.encode()
    return hmac.new(key, purpose + b"\0" + message, sha256).hexdigest()


def _address(text: str | None) -> str | None:
    try:
        return text and str(ipaddress.ip_address(text))
    except ValueError:
        return text


class SignatureField(ExactCharField):
    """Signs the row as it is added; declared last, so that every other value is known by then."""

    def pre_save(self, instance, add):
        if add:
            row = {name: getattr(instance, name) for name in COLUMNS}
            setattr(instance, self.attname, signature(row))
        return super().pre_save(instance, add)
