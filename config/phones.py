"""One spelling per phone number: what is counted, stored and compared."""

import re
import unicodedata

_MAINLAND = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_COUNTRY = re.compile(r"(\+|00)?86(?=1)", re.ASCII)
_BETWEEN = frozenset("().·")
LONGEST_SPELLING = 64


def normal_phone(text: str) -> str | None:
    """The eleven digits of a mainland mobile number, None for anything else.

    +86, blanks, dashes, brackets, invisible characters and full-width digits are one number.
    """
    if len(text) > LONGEST_SPELLING:
        return None
    text = unicodedata.normalize("NFKC", text)
    kept = "".join(c for c in text if c not in _BETWEEN and not _is_space(c))
    digits = _COUNTRY.sub("", kept, count=1) if len(kept) > 11 else kept
    return digits if _MAINLAND.fullmatch(digits) else None


def _is_space(char: str) -> bool:
    """Blanks, dashes, and what cannot be seen; the minus sign is a symbol."""
    return char.isspace() or char == "−" or unicodedata.category(char) in {"Cf", "Pd", "Mn"}
