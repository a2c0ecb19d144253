"""The signatures and templates that people at the providers have approved."""

import re
from dataclasses import dataclass, field
from typing import Any

PROVIDERS = ("aliyun", "tencent")
KINDS = ("code", "notice")
CODE_FORMS = {"aliyun": r"SMS_[0-9]{4,12}", "tencent": r"[0-9]{4,12}"}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}")

_CODE_TEXT = "您的验证码为{code}，用于%s，{minutes}分钟内有效，请勿告诉他人。"
_DEFAULTS = (
    ("login", "code", ("code", "minutes"), _CODE_TEXT % "登录"),
    ("register", "code", ("code", "minutes"), _CODE_TEXT % "注册"),
    ("reset", "code", ("code", "minutes"), _CODE_TEXT % "重置密码"),
    ("bind", "code", ("code", "minutes"), _CODE_TEXT % "绑定手机"),
    ("change", "code", ("code", "minutes"), _CODE_TEXT % "更换手机"),
    ("notice", "notice", ("title", "time"), "{title}，时间：{time}。详情请在小程序中查看。"),
    ("step_up", "code", ("code", "minutes"), _CODE_TEXT % "验证身份"),
)


@dataclass
class Template:
    """`params` in order: one provider fills them in by name, the other by place.

    `kind` decides which limits apply; `longest` is how long a value may be.
    """

    code: str
    provider: str
    name: str
    kind: str
    params: list[str] = field(default_factory=list)
    text: str = ""
    longest: int = 6

    def render(self, sign: str, values: dict[str, str]) -> str:
        """What the person reads."""
        text = re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), self.text)
        return f"【{sign}】{text}"


@dataclass
class Sign:
    name: str
    approved: bool = True


class Registry:
    """Known from the start: one signature, and one template of each purpose per provider."""

    def __init__(self, world, sign_name: str):
        self._store = world.store
        self._signs = world.store.table("sms.signs", Sign)
        self._templates = world.store.table("sms.templates", Template)
        self._default_sign = Sign(sign_name)
        self._defaults = {template.code: template for template in _default_templates()}

    def knows_sign(self, name: Any) -> bool:
        with self._store.lock:
            signs = {self._default_sign.name: self._default_sign} | self._signs
        return isinstance(name, str) and name in signs and signs[name].approved

    def template(self, provider: str, code: Any) -> Template | None:
        with self._store.lock:
            known = self._defaults | self._templates
        template = known.get(code) if isinstance(code, str) else None
        return template if template and template.provider == provider else None

    def signs(self) -> list[Sign]:
        with self._store.lock:
            return list(({self._default_sign.name: self._default_sign} | self._signs).values())

    def templates(self) -> list[Template]:
        with self._store.lock:
            return list((self._defaults | self._templates).values())

    def add_sign(self, order: dict[str, Any]) -> Sign:
        """Approve a signature, or (`approved` false) take the approval back."""
        name = order.get("name")
        if not isinstance(name, str) or not 2 <= len(name) <= 12:
            raise ValueError("name: 2 to 12 characters")
        sign = Sign(name, order.get("approved", True) is True)
        with self._store.change():
            self._signs[name] = sign
        return sign

    def add_template(self, order: dict[str, Any]) -> Template:
        """Approve a template; what is registered under a known code replaces that one."""
        template = _read_template(order)
        with self._store.change():
            self._templates[template.code] = template
        return template


def _read_template(order: dict[str, Any]) -> Template:
    provider, kind = order.get("provider"), order.get("kind", "notice")
    code, params = str(order.get("code", "")), order.get("params") or []
    if provider not in PROVIDERS:
        raise ValueError(f"provider: one of {PROVIDERS}")
    if kind not in KINDS:
        raise ValueError(f"kind: one of {KINDS}")
    if not re.fullmatch(CODE_FORMS[provider], code):
        raise ValueError(f"code of {provider}: {CODE_FORMS[provider]}")
    if not isinstance(params, list) or not all(NAME.fullmatch(str(name)) for name in params):
        raise ValueError("params: a list of names")
    longest = order.get("longest", _longest(kind))
    if isinstance(longest, bool) or not isinstance(longest, int) or longest < 1:
        raise ValueError("longest: a positive number")
    text = str(order.get("text") or "，".join(f"{{{name}}}" for name in params))
    name = str(order.get("name") or code)
    return Template(code, provider, name, kind, [str(name) for name in params], text, longest)


def _default_templates() -> list[Template]:
    return [
        Template(form.format(number), provider, name, kind, list(params), text, _longest(kind))
        for provider, form in (("aliyun", "SMS_10000000{}"), ("tencent", "100000{}"))
        for number, (name, kind, params, text) in enumerate(_DEFAULTS, start=1)
    ]


def _longest(kind: str) -> int:
    return 6 if kind == "code" else 20
