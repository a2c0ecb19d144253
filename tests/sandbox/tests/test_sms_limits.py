"""How often a number may be written to, and what people at the providers approve."""

import pytest

from tests.sandbox.client import SandboxRefusedError

PHONE = "13800138000"
NOTICE = {"TemplateCode": "SMS_100000006", "TemplateParam": '{"title":"预约","time":"15:00"}'}


def sent(aliyun, **changes) -> str:
    answer = aliyun.send(PHONE, **changes)
    return answer["Message"] if answer["Code"] == "isv.BUSINESS_LIMIT_CONTROL" else answer["Code"]


def test_one_a_minute_five_an_hour_ten_a_day(control, aliyun):
    minute = "触发分钟级流控Permits:1"
    assert [sent(aliyun), sent(aliyun)] == ["OK", minute]
    control.clock(advance=58)
    assert sent(aliyun) == minute
    control.clock(advance=3)
    assert sent(aliyun) == "OK"

    for _ in range(3):
        control.clock(advance=61)
        assert sent(aliyun) == "OK"
    control.clock(advance=61)
    assert sent(aliyun) == "触发小时级流控Permits:5"

    for _ in range(5):
        control.clock(advance=3600)
        assert sent(aliyun) == "OK"
    control.clock(advance=3600)
    assert sent(aliyun) == "触发天级流控Permits:10"
    assert len(control.outbox("sms")) == 10

    # Rolling, not by the calendar: the first of the ten leaves the window.
    control.clock(advance=86400 - 6 * 3600)
    assert sent(aliyun) == "OK"


def test_windows_belong_to_one_number_signature_and_kind(control, aliyun):
    control.sms_sign("伴心课堂")
    assert sent(aliyun) == "OK"

    assert sent(aliyun, SignName="伴心课堂") == "OK"
    assert sent(aliyun, **NOTICE) == "OK"
    assert sent(aliyun, TemplateCode="SMS_100000002") == "触发分钟级流控Permits:1"
    assert aliyun.send("13800138001")["Code"] == "OK"


def test_a_refused_message_does_not_count(control, aliyun):
    assert aliyun.send(PHONE, TemplateParam="{")["Code"] == "isv.INVALID_JSON_PARAM"
    assert sent(aliyun) == "OK"


def test_one_full_number_refuses_the_whole_list(control, aliyun):
    sent(aliyun)
    answer = aliyun.send(f"13800138001,{PHONE}")

    assert answer["Code"] == "isv.BUSINESS_LIMIT_CONTROL"
    assert len(control.outbox("sms")) == 1


def test_fifty_notices_a_day(control, aliyun):
    assert [sent(aliyun, **NOTICE) for _ in range(50)] == ["OK"] * 50
    assert sent(aliyun, **NOTICE) == "触发天级流控Permits:50"


def test_the_windows_of_the_other_provider(control, tencent):
    def status() -> str:
        return tencent.status(f"+86{PHONE}")["Code"].removeprefix("LimitExceeded.PhoneNumber")

    assert [status(), status()] == ["Ok", "ThirtySecondLimit"]
    for _ in range(4):
        control.clock(advance=31)
        assert status() == "Ok"
    control.clock(advance=31)
    assert status() == "OneHourLimit"
    for _ in range(5):
        control.clock(advance=3601)
        assert status() == "Ok"
    control.clock(advance=3601)
    assert status() == "DailyLimit"


def test_providers_do_not_know_of_each_other(control, aliyun, tencent):
    assert sent(aliyun) == "OK"
    assert tencent.status(f"+86{PHONE}")["Code"] == "Ok"
    assert control.last_sms(PHONE)["provider"] == "tencent"
    assert control.last_sms(PHONE, provider="aliyun")["provider"] == "aliyun"


def test_registered_template(control, aliyun, tencent):
    control.sms_template(
        "aliyun", "SMS_200000001", ["name"], name="welcome", text="{name}您好", longest=4
    )
    control.sms_template("tencent", "2000001", ["name"], text="{name}您好")
    long = aliyun.send(PHONE, TemplateCode="SMS_200000001", TemplateParam='{"name":"欧阳先生你好"}')
    aliyun.send(PHONE, TemplateCode="SMS_200000001", TemplateParam='{"name":"李雷"}')
    tencent.status(f"+86{PHONE}", TemplateId="2000001", TemplateParamSet=["韩梅梅"])

    assert long["Code"] == "isv.PARAM_LENGTH_LIMIT"
    texts = [entry["text"] for entry in control.outbox("sms")]
    assert texts == ["【伴心咨询】李雷您好", "【伴心咨询】韩梅梅您好"]
    assert control.last_sms(PHONE, purpose="welcome")["params"] == {"name": "李雷"}


def test_what_is_approved_from_the_start(control, env):
    names = ["login", "register", "reset", "bind", "change", "notice", "step_up"]
    aliyun = control.sms_templates(provider="aliyun")
    assert [row["name"] for row in aliyun] == names
    assert [row["code"] for row in aliyun] == [f"SMS_10000000{n}" for n in range(1, 8)]
    tencent = control.sms_templates(provider="tencent")
    assert [row["code"] for row in tencent] == [f"100000{n}" for n in range(1, 8)]
    [login] = control.sms_templates(provider="tencent", name="login")
    assert (login["kind"], login["params"]) == ("code", ["code", "minutes"])
    assert [row["name"] for row in control.sms_signs()] == [env["SMS_SIGN_NAME"]]


def test_an_approval_may_be_taken_back(control, aliyun, env):
    control.sms_sign(env["SMS_SIGN_NAME"], approved=False)
    assert sent(aliyun) == "isv.SMS_SIGNATURE_ILLEGAL"
    control.reset()
    assert sent(aliyun) == "OK"


@pytest.mark.parametrize(
    "template",
    [
        {"provider": "other", "code": "SMS_200000001", "params": []},
        {"provider": "aliyun", "code": "200000001", "params": []},
        {"provider": "tencent", "code": "SMS_200000001", "params": []},
        {"provider": "aliyun", "code": "SMS_200000001", "params": ["1"]},
        {"provider": "aliyun", "code": "SMS_200000001", "params": [], "kind": "advert"},
        {"provider": "aliyun", "code": "SMS_200000001", "params": [], "longest": 0},
    ],
)
def test_wrong_templates(control, template):
    with pytest.raises(SandboxRefusedError) as refused:
        control.sms_template(**template)
    assert refused.value.status == 400
    assert len(control.sms_templates()) == 14


def test_nobody_was_written_to(control):
    with pytest.raises(TimeoutError, match="an SMS to 13800138000"):
        control.last_sms(PHONE, timeout=0)
