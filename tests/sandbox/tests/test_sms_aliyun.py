"""Aliyun's SendSms: signatures, parameters and what the person receives."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from .sms_signers import joined

PHONE = "13800138000"


def test_both_signature_schemes_send(control, aliyun):
    newer = aliyun.v3(aliyun.params(PHONE))
    older = aliyun.rpc(aliyun.params("13900139000"))

    for answer in (newer, older):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json;charset=utf-8"
        data = answer.json()
        assert sorted(data) == ["BizId", "Code", "Message", "RequestId"]
        assert (data["Code"], data["Message"]) == ("OK", "OK")
        assert re.fullmatch(r"\d{18}\^0", data["BizId"])
    assert [entry["to"] for entry in control.outbox("sms")] == [PHONE, "13900139000"]


def test_the_outbox_shows_what_the_person_reads(control, aliyun):
    sent = aliyun.send(PHONE, OutId="order-7")
    entry = control.last_sms(PHONE)

    assert entry["provider"] == "aliyun"
    assert (entry["template"], entry["purpose"]) == ("SMS_100000001", "login")
    assert entry["params"] == {"code": "123456", "minutes": "5"}
    assert entry["text"] == (
        "【伴心咨询】您的验证码为123456，用于登录，5分钟内有效，请勿告诉他人。"
    )
    assert (entry["biz_id"], entry["out_id"]) == (sent["BizId"], "order-7")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"secret": "wrong"}, 400, "SignatureDoesNotMatch"),
        ({"key_id": "LTAI5tNobodyKnowsThis"}, 404, "InvalidAccessKeyId.NotFound"),
        ({"also": {"PhoneNumbers": "13800138001"}}, 400, "SignatureDoesNotMatch"),
        ({"signed": {"x-acs-action": "QuerySmsTemplate"}}, 404, "InvalidAction.NotFound"),
        ({"signed": {"x-acs-version": "2016-01-01"}}, 400, "InvalidVersion"),
        ({"signed": {"x-acs-date": "now"}}, 400, "InvalidTimeStamp.Format"),
        ({"signed": {"x-acs-content-sha256": "0" * 64}}, 400, "SignatureDoesNotMatch"),
        ({"headers": {"x-acs-extra": "unsigned"}}, 400, "IncompleteSignature"),
        ({"headers": {"Authorization": "Bearer x"}}, 400, "IncompleteSignature"),
    ],
)
def test_wrong_v3_signature(control, aliyun, changes, status, code):
    answer = aliyun.v3(aliyun.params(PHONE), **changes)

    assert (answer.status_code, answer.json()["Code"]) == (status, code)
    assert control.outbox("sms") == []


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"secret": "wrong"}, 400, "SignatureDoesNotMatch"),
        ({"key_id": "LTAI5tNobodyKnowsThis"}, 404, "InvalidAccessKeyId.NotFound"),
        ({"unsigned": {"PhoneNumbers": "13800138001"}}, 400, "SignatureDoesNotMatch"),
        ({"unsigned": {"Signature": ""}}, 400, "MissingSignature"),
        ({"unsigned": {"SignatureMethod": "HMAC-MD5"}}, 400, "IncompleteSignature"),
    ],
)
def test_wrong_rpc_signature(control, aliyun, changes, status, code):
    answer = aliyun.rpc(aliyun.params(PHONE), **changes)

    assert (answer.status_code, answer.json()["Code"]) == (status, code)
    assert control.outbox("sms") == []


@pytest.mark.parametrize("scheme", ["v3", "rpc"])
@pytest.mark.parametrize(
    ("minutes", "code"),
    [(-16, "InvalidTimeStamp.Expired"), (-14, "OK"), (14, "OK"), (16, "InvalidTimeStamp.Expired")],
)
def test_signature_is_good_for_fifteen_minutes(control, aliyun, scheme, minutes, code):
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    answer = getattr(aliyun, scheme)(aliyun.params(PHONE), moment=moment)
    assert answer.json()["Code"] == code


@pytest.mark.parametrize("scheme", ["v3", "rpc"])
def test_a_nonce_is_used_once(control, aliyun, scheme):
    call = getattr(aliyun, scheme)
    assert call(aliyun.params(PHONE), nonce="n1").json()["Code"] == "OK"
    again = call(aliyun.params("13800138001"), nonce="n1")

    assert (again.status_code, again.json()["Code"]) == (400, "SignatureNonceUsed")
    assert len(control.outbox("sms")) == 1


def test_a_wrongly_signed_request_uses_up_no_nonce(control, aliyun):
    aliyun.v3(aliyun.params(PHONE), nonce="n2", secret="wrong")
    assert aliyun.v3(aliyun.params(PHONE), nonce="n2").json()["Code"] == "OK"


def test_parameters_may_stand_in_the_body(control, aliyun):
    body = joined(aliyun.params(PHONE)).encode()
    signed = {"content-type": "application/x-www-form-urlencoded"}

    assert aliyun.v3({}, body=body, signed=signed).json()["Code"] == "OK"
    assert aliyun.rpc(aliyun.params("13800138001"), form=True).json()["Code"] == "OK"
    assert aliyun.rpc(aliyun.params("13800138002"), method="GET").json()["Code"] == "OK"


@pytest.mark.parametrize("name", ["PhoneNumbers", "SignName", "TemplateCode"])
def test_missing_parameter(control, aliyun, name):
    answer = aliyun.v3(aliyun.params(PHONE, **{name: None}))
    assert (answer.status_code, answer.json()["Code"]) == (400, f"Missing{name}")


@pytest.mark.parametrize(
    "phone",
    [
        "+8613800138000",
        "8613800138000",
        "12800138000",
        "1380013800",
        "138001380000",
        "１３８００１３８０００",
        "13800138000,",
        "13800138000,13800138000",
        " 13800138000",
    ],
)
def test_illegal_number(control, aliyun, phone):
    answer = aliyun.v3(aliyun.params(phone))

    assert (answer.status_code, answer.json()["Code"]) == (200, "isv.MOBILE_NUMBER_ILLEGAL")
    assert control.outbox("sms") == []


def test_a_list_of_numbers(control, aliyun):
    phones = [f"138001{number:05d}" for number in range(1001)]

    assert aliyun.send(",".join(phones))["Code"] == "isv.MOBILE_COUNT_OVER_LIMIT"
    assert aliyun.send(",".join(phones[:3]))["Code"] == "OK"
    assert [entry["to"] for entry in control.outbox("sms")] == phones[:3]


def code_of(aliyun, values, **changes) -> str:
    text = values if isinstance(values, str) else json.dumps(values, ensure_ascii=False)
    return aliyun.send(PHONE, TemplateParam=text, **changes)["Code"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ("{", "isv.INVALID_JSON_PARAM"),
        ("[]", "isv.INVALID_JSON_PARAM"),
        ({"code": 123456, "minutes": "5"}, "isv.INVALID_JSON_PARAM"),
        ({"code": "123456"}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ({"code": "123456", "minutes": ""}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ({"code": "123456", "minutes": "5", "name": "x"}, "isv.TEMPLATE_PARAMS_ILLEGAL"),
        ({"code": "12 456", "minutes": "5"}, "isv.TEMPLATE_PARAMS_ILLEGAL"),
        ({"code": "1234567", "minutes": "5"}, "isv.PARAM_LENGTH_LIMIT"),
        ({"code": "a.com", "minutes": "5"}, "isv.BLACK_KEY_CONTROL_LIMIT"),
    ],
)
def test_wrong_template_values(control, aliyun, values, code):
    assert code_of(aliyun, values) == code
    assert control.outbox("sms") == []


def test_unknown_signature_and_template(control, aliyun):
    sign = aliyun.send(PHONE, SignName="别人的签名")
    template = aliyun.send(PHONE, TemplateCode="SMS_999999999")
    foreign = aliyun.send(PHONE, TemplateCode="1000001")

    assert (sign["Code"], sign["Message"]) == (
        "isv.SMS_SIGNATURE_ILLEGAL",
        "该账号下找不到对应签名",
    )
    assert (template["Code"], template["Message"]) == (
        "isv.SMS_TEMPLATE_ILLEGAL",
        "该账号下找不到对应模板",
    )
    assert foreign["Code"] == "isv.SMS_TEMPLATE_ILLEGAL"
    assert sorted(sign) == ["Code", "Message", "RequestId"]


def test_notice_values_are_words_and_no_phone_numbers(control, aliyun):
    notice = {"TemplateCode": "SMS_100000006"}

    assert code_of(aliyun, {"title": "预约", "time": "11月20日 15:00"}, **notice) == "OK"
    call_me = {"title": "请拨打13900139000", "time": "现在"}
    assert code_of(aliyun, call_me, **notice) == "isv.BLACK_KEY_CONTROL_LIMIT"
    assert control.last_sms(PHONE)["text"] == (
        "【伴心咨询】预约，时间：11月20日 15:00。详情请在小程序中查看。"
    )
