"""Errors of the WeChat API: HTTP 200 with a number, a text and a request id."""

import secrets

TEXTS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40037: "invalid template_id",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40226: "code blocked",
    41001: "access_token missing",
    41030: "invalid page",
    42001: "access_token expired",
    43002: "require POST method",
    43101: "user refuse to accept the msg",
    44002: "empty post data",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    61010: "code is expired",
    10060001: "支付单不存在",
    10060002: "支付单已完成发货，无法继续发货",
    10060003: "支付单已使用重新发货机会",
    10060004: "支付单处于不可发货的状态",
    10060005: "物流类型有误",
    10060008: "商品信息为空",
    10060009: "商品信息超出字数限制",
    10060028: "当前状态不允许此操作",
    10060031: "该笔支付单不属于 openid 所指定的用户",
}


class WxError(Exception):
    """A refusal with its errcode; `text` replaces the usual sentence."""

    def __init__(self, errcode: int, text: str = ""):
        super().__init__(errcode)
        self.errcode = errcode
        self.text = text or TEXTS.get(errcode, "unknown error")

    def answer(self) -> dict[str, object]:
        return {"errcode": self.errcode, "errmsg": f"{self.text} rid: {request_id()}"}


def request_id() -> str:
    return f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
