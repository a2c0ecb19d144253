"""`SendSms` of Tencent Cloud."""

import re
import secrets
from typing import Any

from .desk import Desk, Letter, request_id
from .registry import Template
from .tencent_errors import TencentError
from .values import MAINLAND, fits_its_name, is_bait

VERSION = "2021-01-11"
REGIONS = ("ap-beijing", "ap-guangzhou", "ap-nanjing")
MOST_NUMBERS = 200
GLOBAL = re.compile(r"\+(?!86)[1-9][0-9]{6,14}")
LIMITS = {
    "minute": "LimitExceeded.PhoneNumberThirtySecondLimit",
    "hour": "LimitExceeded.PhoneNumberOneHourLimit",
    "day": "LimitExceeded.PhoneNumberDailyLimit",
}


class Tencent:
    """One call writes to a list of numbers, each with a status of its own."""

    def __init__(self, desk: Desk):
        self._desk = desk

    def send(self, headers: dict[str, str], body: Any, trouble: str = "") -> dict[str, Any]:
        """`trouble`: the code that every number is refused with."""
        _check_call(headers)
        _check_shape(body)
        if body["SmsSdkAppId"] != self._desk.keys.tencent_appid:
            raise TencentError("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
        statuses = []
        for phone in body["PhoneNumberSet"]:
            try:
                if trouble:
                    raise TencentError(trouble)
                statuses.append(self._send_to(phone, body))
            except TencentError as error:
                statuses.append(_status(phone, body, error.code, error.message))
        return {"Response": {"SendStatusSet": statuses, "RequestId": request_id()}}

    def _send_to(self, phone: str, body: dict[str, Any]) -> dict[str, Any]:
        sign, registry = body.get("SignName"), self._desk.registry
        if GLOBAL.fullmatch(phone):
            raise TencentError("UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone")
        if not (phone.startswith("+86") and MAINLAND.fullmatch(phone[3:])):
            raise TencentError("InvalidParameterValue.IncorrectPhoneNumber")
        if not registry.knows_sign(sign):
            raise TencentError("FailedOperation.SignatureIncorrectOrUnapproved")
        template = registry.template("tencent", body["TemplateId"])
        if template is None:
            raise TencentError("FailedOperation.TemplateIncorrectOrUnapproved")
        values = _read_values(body.get("TemplateParamSet") or [], template)
        letter = Letter(phone[3:], sign, template, values)
        serial = f"2640:{secrets.randbelow(10**18):018d}"
        with self._desk.world.store.change():
            if window := self._desk.full(letter):
                raise TencentError(LIMITS[window.unit])
            self._desk.send(letter, serial_no=serial, session=body.get("SessionContext") or "")
        return _status(phone, body, "Ok", "send success", serial)


def _check_call(headers: dict[str, str]) -> None:
    if headers.get("x-tc-action") != "SendSms":
        raise TencentError("InvalidAction")
    if headers.get("x-tc-version") != VERSION:
        raise TencentError("NoSuchVersion")
    if not headers.get("x-tc-region"):
        raise _missing("Region")
    if headers["x-tc-region"] not in REGIONS:
        raise TencentError("UnsupportedRegion")
    if not headers["content-type"].startswith("application/json"):
        raise TencentError("InvalidParameter")


def _check_shape(body: Any) -> None:
    if not isinstance(body, dict):
        raise TencentError("InvalidParameter")
    for name in ("PhoneNumberSet", "SmsSdkAppId", "TemplateId"):
        if not body.get(name):
            raise _missing(name)
    for name in ("SmsSdkAppId", "TemplateId", "SignName", "SessionContext"):
        _check_type(name, body.get(name), str)
    for name in ("PhoneNumberSet", "TemplateParamSet"):
        _check_type(name, body.get(name), list)
        for number, item in enumerate(body.get(name) or []):
            _check_type(f"{name}.{number}", item, str)
    if len(body["PhoneNumberSet"]) > MOST_NUMBERS:
        raise TencentError("LimitExceeded.PhoneNumberCountLimit")


def _missing(name: str) -> TencentError:
    text = f"The request is missing a required parameter `{name}`."
    return TencentError("MissingParameter", text)


def _check_type(name: str, value: Any, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        text = f"The type of value for parameter `{name}` is not valid."
        raise TencentError("InvalidParameter", text)


def _read_values(items: list[str], template: Template) -> dict[str, str]:
    if len(items) != len(template.params):
        raise TencentError("FailedOperation.TemplateParamSetNotMatchApprovedTemplate")
    values = dict(zip(template.params, items, strict=True))
    for name, value in values.items():
        if is_bait(value):
            raise TencentError("FailedOperation.ContainSensitiveWord")
        if len(value) > template.longest:
            raise TencentError("InvalidParameterValue.TemplateParameterLengthLimit")
        if not value or not fits_its_name(name, value):
            raise TencentError("InvalidParameterValue.TemplateParameterFormatError")
    return values


def _status(
    phone: str, body: dict[str, Any], code: str, message: str, serial: str = ""
) -> dict[str, Any]:
    return {
        "SerialNo": serial,
        "PhoneNumber": phone,
        "Fee": 1 if serial else 0,
        "SessionContext": body.get("SessionContext") or "",
        "Code": code,
        "Message": message,
        "IsoCode": "CN" if phone.startswith("+86") else "",
    }
