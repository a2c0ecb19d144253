"""Which values a field of a subscribe message may take, by the type in its name."""

import re

_CLOCK = r"([01]?\d|2[0-4]):[0-5]\d(:[0-5]\d)?"
_DAY = r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2})"
_MOMENT = rf"({_DAY} ?{_CLOCK}|{_DAY}|{_CLOCK})"
# A span is two moments with "~" between them.
_SPAN = rf"{_MOMENT}( ?~ ?{_MOMENT})?"

_RULES = {
    "thing": r".{1,20}",
    "number": r"(?=.{1,32}\Z)-?\d+(\.\d+)?",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[\x21-\x7e]{1,32}",
    "time": _SPAN,
    "date": _SPAN,
    "amount": r"[¥￥$€£]?\d{1,10}(\.\d+)?元?",
    "phone_number": r"[\d+\- ]{1,17}",
    "car_number": r"[0-9A-Za-z\u4e00-\u9fff]{1,8}",
    "name": r"([\u4e00-\u9fff·]{1,10}|[A-Za-z .]{1,20})",
    "phrase": r"[\u4e00-\u9fff]{1,5}",
    "enum": r".{1,20}",
    "const": r".{1,20}",
}
FIELD_NAME = re.compile(rf"({'|'.join(_RULES)})(\d+)")
_COMPILED = {kind: re.compile(rule) for kind, rule in _RULES.items()}


def is_field_name(name: str) -> bool:
    return FIELD_NAME.fullmatch(name) is not None


def is_valid(name: str, value: object) -> bool:
    """Whether a value fits the field; empty values, line breaks and non-texts never do."""
    match = FIELD_NAME.fullmatch(name)
    if match is None or not isinstance(value, str) or not value.strip():
        return False
    return _COMPILED[match[1]].fullmatch(value) is not None
