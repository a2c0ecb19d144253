"""What each field type of a subscribe message may hold (WeChat refuses anything else by 47003)."""

import re

_DAY = r"([0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})"
_CLOCK = r"([01]?[0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9])?"
_MOMENT = rf"({_DAY}( ?{_CLOCK})?|{_CLOCK})"
_SPAN = re.compile(rf"{_MOMENT}( ?~ ?{_MOMENT})?")
_EXACT = {
    "number": re.compile(r"(?=.{1,32}\Z)-?[0-9]+(\.[0-9]+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[!-~]{1,32}"),
    "time": _SPAN,
    "date": _SPAN,
    "amount": re.compile(r"[¥￥$€£]?[0-9]{1,10}(\.[0-9]+)?元?"),
    "phone_number": re.compile(r"[0-9+\- ]{1,17}"),
}
# Texts are cut to this many characters.
_LONGEST = {"thing": 20, "enum": 20, "const": 20}
_NAME = re.compile(rf"({'|'.join([*_EXACT, *_LONGEST, 'phrase', 'name', 'car_number'])})[0-9]+")
_EMPTY = "无"  # an empty value is refused


def is_field(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def trouble_with(name: str, text: object) -> str:
    """What is wrong with a template's entry, in Chinese; "" when it may be sent.

    What has a {placeholder} shows only when it is sent.
    """
    if not is_field(name):
        return f"{name} 不是微信模板字段"
    if not isinstance(text, str) or not text.strip():
        return f"{name} 的内容不能为空"
    if "{" in text:
        return ""
    try:
        cut = fit(name, text) != " ".join(text.split())
    except ValueError:
        return f"{name} 的内容“{text}”不符合该类型的格式"
    return f"{name} 的内容“{text}”超出该类型的长度或字符" if cut else ""


def fit(name: str, value: object) -> str:
    """`value` cut to what a field such as "thing1" may hold; ValueError when cutting is no help."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name} is no field of a subscribe message")
    kind, text = match[1], " ".join(str(value).split())
    if kind in _EXACT:
        if not _EXACT[kind].fullmatch(text):
            raise ValueError(f"{name}: the value has not the form of a {kind}")
        return text
    return _cut(kind, text) or _EMPTY


def _cut(kind: str, text: str) -> str:
    if kind == "phrase":  # 5 Chinese characters
        return re.sub(r"[^一-鿿]", "", text)[:5]
    if kind == "name":  # 10 Chinese characters or 20 Latin letters
        chinese = re.sub(r"[^一-鿿·]", "", text)[:10]
        return chinese or re.sub(r"[^A-Za-z .]", "", text)[:20].strip()
    if kind == "car_number":
        return re.sub(r"[^0-9A-Za-z一-鿿]", "", text)[:8]
    longest = _LONGEST[kind]
    return text if len(text) <= longest else text[: longest - 1] + "…"
