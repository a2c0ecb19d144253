"""Tencent Cloud's SendSms: signatures, parameters and the status of every number."""

import pytest

PHONE = "+8613800138000"


def test_sending(control, tencent):
    answer = tencent.send(tencent.body(PHONE))

    assert answer.status_code == 200
    assert sorted(answer.json()["Response"]) == ["RequestId", "SendStatusSet"]
    [status] = answer.json()["Response"]["SendStatusSet"]
    serial = status.pop("SerialNo")
    assert status == {
        "PhoneNumber": PHONE,
        "Fee": 1,
        "SessionContext": "login",
        "Code": "Ok",
        "Message": "send success",
        "IsoCode": "CN",
    }
    entry = control.last_sms(PHONE)
    assert (entry["provider"], entry["purpose"], entry["to"]) == ("tencent", "login", "13800138000")
    assert entry["params"] == {"code": "123456", "minutes": "5"}
    assert entry["text"] == (
        "【伴心咨询】您的验证码为123456，用于登录，5分钟内有效，请勿告诉他人。"
    )
    assert entry["serial_no"] == serial


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret": "wrong"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "AKIDnobody"}, "AuthFailure.SecretIdNotFound"),
        ({"signed_body": b"{}"}, "AuthFailure.SignatureFailure"),
        ({"service": "cvm"}, "AuthFailure.SignatureFailure"),
        ({"date": "2020-01-01"}, "AuthFailure.SignatureFailure"),
        ({"offset": -310}, "AuthFailure.SignatureExpire"),
        ({"offset": 310}, "AuthFailure.SignatureExpire"),
        ({"headers": {"Authorization": "TC3-HMAC-SHA256 x"}}, "AuthFailure.InvalidAuthorization"),
        ({"headers": {"X-TC-Action": "AddSmsSign"}}, "InvalidAction"),
        ({"headers": {"X-TC-Version": "2019-07-11"}}, "NoSuchVersion"),
        ({"headers": {"X-TC-Region": ""}}, "MissingParameter"),
        ({"headers": {"X-TC-Region": "mars"}}, "UnsupportedRegion"),
    ],
)
def test_refused_request(control, tencent, changes, code):
    response = tencent.call(tencent.body(PHONE), **changes)

    assert sorted(response) == ["Error", "RequestId"]
    assert response["Error"]["Code"] == code
    assert control.outbox("sms") == []


@pytest.mark.parametrize("offset", [-290, 290])
def test_signature_is_good_for_five_minutes(control, tencent, offset):
    [status] = tencent.call(tencent.body(PHONE), offset=offset)["SendStatusSet"]
    assert status["Code"] == "Ok"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SmsSdkAppId": "1400000000"}, "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
        ({"SmsSdkAppId": None}, "MissingParameter"),
        ({"PhoneNumberSet": []}, "MissingParameter"),
        ({"TemplateId": 1000001}, "InvalidParameter"),
        ({"TemplateParamSet": [123456, 5]}, "InvalidParameter"),
        ({"PhoneNumberSet": "13800138000"}, "InvalidParameter"),
        ({"PhoneNumberSet": [PHONE] * 201}, "LimitExceeded.PhoneNumberCountLimit"),
    ],
)
def test_wrong_parameters_of_the_request(control, tencent, changes, code):
    assert tencent.call(tencent.body(PHONE, **changes))["Error"]["Code"] == code
    assert control.outbox("sms") == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SignName": "别人的签名"}, "FailedOperation.SignatureIncorrectOrUnapproved"),
        ({"SignName": None}, "FailedOperation.SignatureIncorrectOrUnapproved"),
        ({"TemplateId": "9999999"}, "FailedOperation.TemplateIncorrectOrUnapproved"),
        ({"TemplateId": "SMS_100000001"}, "FailedOperation.TemplateIncorrectOrUnapproved"),
        (
            {"TemplateParamSet": ["123456"]},
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
        ),
        (
            {"TemplateParamSet": ["1234567", "5"]},
            "InvalidParameterValue.TemplateParameterLengthLimit",
        ),
        (
            {"TemplateParamSet": ["12-456", "5"]},
            "InvalidParameterValue.TemplateParameterFormatError",
        ),
        ({"TemplateParamSet": ["a.com", "5"]}, "FailedOperation.ContainSensitiveWord"),
    ],
)
def test_wrong_content_is_the_status_of_the_number(control, tencent, changes, code):
    status = tencent.status(PHONE, **changes)

    assert (status["Code"], status["Fee"], status["SerialNo"]) == (code, 0, "")
    assert control.outbox("sms") == []


def test_every_number_has_a_status_of_its_own(control, tencent):
    phones = (PHONE, "13800138001", "+8612800138000", "+85251234567", "+8613900139000")
    response = tencent.call(tencent.body(*phones))

    assert [(row["PhoneNumber"], row["Code"]) for row in response["SendStatusSet"]] == [
        (PHONE, "Ok"),
        ("13800138001", "InvalidParameterValue.IncorrectPhoneNumber"),
        ("+8612800138000", "InvalidParameterValue.IncorrectPhoneNumber"),
        ("+85251234567", "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone"),
        ("+8613900139000", "Ok"),
    ]
    assert [entry["to"] for entry in control.outbox("sms")] == ["13800138000", "13900139000"]


def test_body_that_is_no_json(control, tencent):
    assert tencent.call([])["Error"]["Code"] == "InvalidParameter"
