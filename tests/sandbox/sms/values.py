"""What providers demand of phone numbers and of the values that fill a template."""

import re

MAINLAND = re.compile(r"1[3-9][0-9]{9}")
_URL = re.compile(r"https?:|www\.|[a-z0-9-]+\.(com|cn|net|org|top|xyz)\b", re.IGNORECASE)
_PHONE = re.compile(r"(?<![0-9])(1[3-9][0-9]{9}|400[0-9]{7})(?![0-9])")
_FORMS = {"code": re.compile(r"[0-9A-Za-z]{4,6}"), "minutes": re.compile(r"[0-9]{1,4}")}


def fits_its_name(name: str, value: str) -> bool:
    """Whether a value is of the type that its template was approved with."""
    return name not in _FORMS or _FORMS[name].fullmatch(value) is not None


def is_bait(value: str) -> bool:
    """Links and phone numbers may stand in a template, never in what fills it."""
    return _URL.search(value) is not None or _PHONE.search(value) is not None
