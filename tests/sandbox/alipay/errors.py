"""Errors of the open platform: a code, and for refusals of the business a sub code."""

from typing import Any

MESSAGES = {
    "10003": "order success pay inprocess",
    "20000": "Service Currently Unavailable",
    "20001": "Insufficient Token Permissions",
    "40001": "Missing Required Arguments",
    "40002": "Invalid Arguments",
    "40004": "Business Failed",
    "40005": "Call Limited",
    "40006": "Insufficient Permissions",
}
TEXTS = {
    "ACQ.CONTEXT_INCONSISTENT": "交易信息被篡改",
    "ACQ.DISCORDANT_REPEAT_REQUEST": "不一致的重复请求",
    "ACQ.INVALID_PARAMETER": "参数无效",
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": "退款金额超限",
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": "商户余额不足",
    "ACQ.SYSTEM_ERROR": "系统错误",
    "ACQ.TRADE_HAS_CLOSE": "交易已经关闭",
    "ACQ.TRADE_HAS_SUCCESS": "交易已被支付",
    "ACQ.TRADE_NOT_EXIST": "交易不存在",
    "ACQ.TRADE_STATUS_ERROR": "交易状态不合法",
    "isp.unknow-error": "系统繁忙",
    "isv.invalid-app-id": "无效的应用ID",
    "isv.invalid-signature": "无效签名",
    "isv.invalid-timestamp": "非法的时间戳参数",
    "isv.missing-method": "缺少方法名参数",
}


class AlipayError(Exception):
    """`word`: a code of five digits, or a sub code, whose code follows from its family."""

    def __init__(self, word: str, text: str = ""):
        super().__init__(word)
        self.code, self.sub_code = _split(word)
        self.text = text or TEXTS.get(self.sub_code, self.sub_code)

    def answer(self) -> dict[str, Any]:
        answer = {"code": self.code, "msg": MESSAGES.get(self.code, "Error")}
        if self.sub_code:
            answer |= {"sub_code": self.sub_code, "sub_msg": self.text}
        return answer


def bad_field(name: str, issue: str) -> AlipayError:
    return AlipayError("ACQ.INVALID_PARAMETER", f"参数无效: {name} {issue}")


def _split(word: str) -> tuple[str, str]:
    if word.isdigit():
        return word, "isp.unknow-error" if word == "20000" else ""
    if word.startswith("ACQ."):
        return "40004", word
    return ("40001" if "missing" in word else "40002"), word
