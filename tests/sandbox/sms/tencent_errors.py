"""Tencent Cloud's refusals, all HTTP 200: of the whole request, or of a single number."""

from typing import Any

from .desk import request_id

_LIMIT = "the number of SMS messages sent from a single mobile number within {} exceeds the limit"

MESSAGES = {
    "AuthFailure.InvalidAuthorization": "The Authorization header does not follow the standard.",
    "AuthFailure.SecretIdNotFound": "The SecretId is not found.",
    "AuthFailure.SignatureExpire": "Signature expired, please check your local time.",
    "AuthFailure.SignatureFailure": "The provided credentials could not be validated.",
    "FailedOperation.ContainSensitiveWord": "short message content contains sensitive word",
    "FailedOperation.InsufficientBalanceInSmsPackage": "insufficient balance in SMS package",
    "FailedOperation.PhoneNumberInBlacklist": "phone number in blacklist",
    "FailedOperation.SignatureIncorrectOrUnapproved": "signature is incorrect or unapproved",
    "FailedOperation.TemplateIncorrectOrUnapproved": "template is incorrect or unapproved",
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": (
        "request content does not match the template content"
    ),
    "InternalError.Timeout": "request timeout",
    "InvalidAction": "The request action is invalid or not found.",
    "InvalidParameter": "The parameters of the request are invalid.",
    "InvalidParameterValue.IncorrectPhoneNumber": "incorrect phone number",
    "InvalidParameterValue.TemplateParameterFormatError": (
        "the format of the verification code template parameter is incorrect"
    ),
    "InvalidParameterValue.TemplateParameterLengthLimit": (
        "the length of the template parameter exceeds the limit"
    ),
    "LimitExceeded.AppDailyLimit": "the number of SMS messages exceeds the app's daily limit",
    "LimitExceeded.DeliveryFrequencyLimit": "the delivery frequency exceeds the limit",
    "LimitExceeded.PhoneNumberCountLimit": "the number of phone numbers exceeds the limit",
    "LimitExceeded.PhoneNumberDailyLimit": _LIMIT.format("1 day"),
    "LimitExceeded.PhoneNumberOneHourLimit": _LIMIT.format("1 hour"),
    "LimitExceeded.PhoneNumberSameContentDailyLimit": _LIMIT.format("1 day (same content)"),
    "LimitExceeded.PhoneNumberThirtySecondLimit": _LIMIT.format("30 seconds"),
    "NoSuchVersion": "The specified version does not exist.",
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": "SmsSdkAppId verify fail",
    "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone": (
        "chinese mainland template sms can not be sent to global phone"
    ),
    "UnsupportedRegion": "The specified region is not supported.",
}
# What concerns one number is its status; everything else is the error of the request.
OF_A_NUMBER = (
    "FailedOperation.",
    "LimitExceeded.",
    "InvalidParameterValue.",
    "UnsupportedOperation.",
)
OF_THE_REQUEST = ("LimitExceeded.PhoneNumberCountLimit",)


class TencentError(Exception):
    """A refusal; its text follows from the code unless given."""

    def __init__(self, code: str, message: str = ""):
        super().__init__(code)
        self.code = code
        self.message = message or MESSAGES.get(code, code)

    @property
    def is_of_a_number(self) -> bool:
        return self.code.startswith(OF_A_NUMBER) and self.code not in OF_THE_REQUEST

    def answer(self) -> dict[str, Any]:
        error = {"Code": self.code, "Message": self.message}
        return {"Response": {"Error": error, "RequestId": request_id()}}
