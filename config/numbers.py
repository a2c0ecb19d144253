"""Business numbers: legal for every payment provider, sortable by day, unguessable."""

import secrets

from django.utils import timezone

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U


def new_number(prefix: str) -> str:
    """`prefix` (three capitals) + Shanghai date + 13 random characters (65 bits)."""
    tail = "".join(_ALPHABET[byte % 32] for byte in secrets.token_bytes(13))
    return f"{prefix}{timezone.localtime():%Y%m%d}{tail}"
