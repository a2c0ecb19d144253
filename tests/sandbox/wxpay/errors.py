"""Errors of WeChat Pay v3: an HTTP status, a code and a message."""

from typing import Any

# 400 unless named here.
STATUS = {
    "SIGN_ERROR": 401,
    "NO_AUTH": 403,
    "RULE_LIMIT": 403,
    "ACCOUNT_ERROR": 403,
    "NOT_ENOUGH": 403,
    "OUT_TRADE_NO_USED": 403,
    "USER_ACCOUNT_ABNORMAL": 403,
    "ORDER_NOT_EXIST": 404,
    "RESOURCE_NOT_EXISTS": 404,
    "FREQUENCY_LIMITED": 429,
    "RATELIMIT_EXCEEDED": 429,
    "SYSTEM_ERROR": 500,
    "BANK_ERROR": 500,
    "OPENID_MISMATCH": 500,
}

MESSAGES = {
    "APPID_MCHID_NOT_MATCH": "appid和mch_id不匹配",
    "BANK_ERROR": "银行系统异常",
    "FREQUENCY_LIMITED": "频率超限",
    "MCH_NOT_EXISTS": "商户号不存在",
    "NO_AUTH": "商户无权限",
    "NOT_ENOUGH": "基本账户余额不足",
    "OPENID_MISMATCH": "openid和appid不匹配",
    "ORDER_CLOSED": "订单已关闭",
    "ORDER_NOT_EXIST": "订单不存在",
    "ORDER_PAID": "该订单已支付",
    "RESOURCE_NOT_EXISTS": "查询的资源不存在",
    "SYSTEM_ERROR": "系统异常，请稍后重试",
    "USER_ACCOUNT_ABNORMAL": "用户账户异常",
}


class PayError(Exception):
    """A refusal; status and message follow from the code unless given."""

    def __init__(self, code: str, message: str = "", detail: dict[str, Any] | None = None):
        super().__init__(code)
        self.code, self.detail = code, detail
        self.status = STATUS.get(code, 400)
        self.message = message or MESSAGES.get(code, code)

    def answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"code": self.code, "message": self.message}
        return answer | ({"detail": self.detail} if self.detail else {})


def bad_field(name: str, issue: str, value: Any = None, location: str = "body") -> PayError:
    """PARAM_ERROR about one field, with the detail the platform gives."""
    detail = {"field": name, "issue": issue, "location": location}
    if value is not None:
        detail["value"] = value
    return PayError("PARAM_ERROR", f"参数错误: {name} {issue}", detail)
