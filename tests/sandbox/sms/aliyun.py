"""`SendSms` of Aliyun's dysmsapi."""

import json
import secrets
from typing import Any

from .aliyun_errors import AliyunError
from .desk import Desk, Letter, request_id
from .registry import Template
from .values import MAINLAND, fits_its_name, is_bait

VERSION = "2017-05-25"
MOST_NUMBERS = 1000
UNITS = {"minute": "分钟", "hour": "小时", "day": "天"}

Params = dict[str, str]


class Aliyun:
    """One call writes to a list of numbers; what is wrong with one refuses them all."""

    def __init__(self, desk: Desk):
        self._desk = desk

    def send(self, params: Params) -> dict[str, Any]:
        _check_call(params)
        phones = _read_phones(params["PhoneNumbers"])
        registry = self._desk.registry
        if not registry.knows_sign(params["SignName"]):
            raise AliyunError("isv.SMS_SIGNATURE_ILLEGAL")
        template = registry.template("aliyun", params["TemplateCode"])
        if template is None:
            raise AliyunError("isv.SMS_TEMPLATE_ILLEGAL")
        values = _read_values(params.get("TemplateParam", ""), template)
        letters = [Letter(phone, params["SignName"], template, values) for phone in phones]
        biz_id = f"{secrets.randbelow(9 * 10**17) + 10**17}^0"
        with self._desk.world.store.change():
            self._check_limits(letters)
            for letter in letters:
                self._desk.send(letter, biz_id=biz_id, out_id=params.get("OutId", ""))
        answer = {"RequestId": request_id().upper(), "Message": "OK"}
        return answer | {"BizId": biz_id, "Code": "OK"}

    def _check_limits(self, letters: list[Letter]) -> None:
        for letter in letters:
            if window := self._desk.full(letter):
                text = f"触发{UNITS[window.unit]}级流控Permits:{window.permits}"
                raise AliyunError("isv.BUSINESS_LIMIT_CONTROL", text)


def _check_call(params: Params) -> None:
    if params.get("Action") != "SendSms":
        raise AliyunError("InvalidAction.NotFound")
    if params.get("Version") != VERSION:
        raise AliyunError("InvalidVersion")
    for name in ("PhoneNumbers", "SignName", "TemplateCode"):
        if not params.get(name):
            raise AliyunError(f"Missing{name}", f"{name} is mandatory for this action.")


def _read_phones(text: str) -> list[str]:
    phones = text.split(",")
    if len(phones) > MOST_NUMBERS:
        raise AliyunError("isv.MOBILE_COUNT_OVER_LIMIT")
    if len(set(phones)) < len(phones) or not all(MAINLAND.fullmatch(phone) for phone in phones):
        raise AliyunError("isv.MOBILE_NUMBER_ILLEGAL")
    return phones


def _read_values(text: str, template: Template) -> Params:
    try:
        values = json.loads(text) if text else {}
    except ValueError:
        values = None
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise AliyunError("isv.INVALID_JSON_PARAM")
    if any(not values.get(name) for name in template.params):
        raise AliyunError("isv.TEMPLATE_MISSING_PARAMETERS")
    if set(values) - set(template.params):
        raise AliyunError("isv.TEMPLATE_PARAMS_ILLEGAL")
    for name, value in values.items():
        if is_bait(value):
            raise AliyunError("isv.BLACK_KEY_CONTROL_LIMIT")
        if len(value) > template.longest:
            raise AliyunError("isv.PARAM_LENGTH_LIMIT")
        if not fits_its_name(name, value):
            raise AliyunError("isv.TEMPLATE_PARAMS_ILLEGAL")
    return values
