"""Aliyun's refusals: business errors are HTTP 200, the gateway's own are not."""

from typing import Any

from .desk import request_id

MESSAGES = {
    "isp.RAM_PERMISSION_DENY": "RAM权限DENY",
    "isp.SYSTEM_ERROR": "系统错误",
    "isv.ACCOUNT_ABNORMAL": "账户异常",
    "isv.AMOUNT_NOT_ENOUGH": "账户余额不足",
    "isv.BLACK_KEY_CONTROL_LIMIT": "黑名单管控",
    "isv.DAY_LIMIT_CONTROL": "触发日发送限额",
    "isv.INVALID_JSON_PARAM": "JSON参数不合法，只接受字符串值",
    "isv.INVALID_PARAMETERS": "参数异常",
    "isv.MOBILE_COUNT_OVER_LIMIT": "手机号码数量超过限制",
    "isv.MOBILE_NUMBER_ILLEGAL": "非法手机号",
    "isv.MONTH_LIMIT_CONTROL": "触发月发送限额",
    "isv.OUT_OF_SERVICE": "业务停机",
    "isv.PARAM_LENGTH_LIMIT": "参数超出长度限制",
    "isv.PRODUCT_UN_SUBSCRIPT": "未开通云通信产品的阿里云客户",
    "isv.SMS_SIGNATURE_ILLEGAL": "该账号下找不到对应签名",
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": "签名和模板类型不一致",
    "isv.SMS_TEMPLATE_ILLEGAL": "该账号下找不到对应模板",
    "isv.TEMPLATE_MISSING_PARAMETERS": "模板变量缺少对应参数值",
    "isv.TEMPLATE_PARAMS_ILLEGAL": "传入的变量内容和实际申请模板时变量所选择的属性类型不配",
    "IncompleteSignature": "The request signature does not conform to Aliyun standards.",
    "InvalidAccessKeyId.NotFound": "Specified access key is not found.",
    "InvalidAction.NotFound": "Specified api is not found, please check your url and method.",
    "InvalidTimeStamp.Expired": "Specified time stamp or date value is expired.",
    "InvalidTimeStamp.Format": "Specified time stamp or date value is not well formatted.",
    "InvalidVersion": "Specified parameter Version is not valid.",
    "ServiceUnavailable": "The request has failed due to a temporary failure of the server.",
    "SignatureDoesNotMatch": "Specified signature is not matched with our calculation.",
    "SignatureNonceUsed": "Specified signature nonce was used already.",
    "Throttling.User": "Request was denied due to user flow control.",
}
# 400 unless named here.
STATUS = {
    "Forbidden.RAM": 403,
    "InternalError": 500,
    "InvalidAccessKeyId.NotFound": 404,
    "InvalidAction.NotFound": 404,
    "ServiceUnavailable": 503,
}


class AliyunError(Exception):
    """A refusal; its text follows from the code unless given."""

    def __init__(self, code: str, message: str = ""):
        super().__init__(code)
        self.code = code
        self.message = message or MESSAGES.get(code, code)

    @property
    def status(self) -> int:
        if self.code.startswith(("isv.", "isp.")):
            return 200
        return STATUS.get(self.code, 400)

    def answer(self) -> dict[str, Any]:
        head = {"RequestId": request_id().upper(), "Message": self.message, "Code": self.code}
        if self.status == 200:
            return head
        link = f"https://api.aliyun.com/troubleshoot?q={self.code}&product=Dysmsapi"
        return head | {"HostId": "dysmsapi.aliyuncs.com", "Recommend": link}
