"""Both providers on the wire: signatures, refusals, and who is asked next."""

import pytest

from accounts.models import Channel, Notification, NotificationStatus
from accounts.services.delivery import send_pending
from accounts.services.notifications import notify
from accounts.sms.aliyun import AliyunSender
from accounts.sms.base import SmsError, Trouble, send_sms
from accounts.sms.tencent import TencentSender
from tests.factories.accounts import UserFactory

PHONE = "13800138000"
WORDS = {"code": "482913", "minutes": "5"}


@pytest.fixture(autouse=True)
def _fresh_world(sandbox):
    sandbox.reset()


def trouble(phone=PHONE, purpose="login", params=WORDS) -> tuple[str, Trouble]:
    with pytest.raises(SmsError) as caught:
        send_sms(phone, purpose, params)
    return str(caught.value), caught.value.trouble


def test_aliyun_takes_what_we_sign(sandbox):
    assert send_sms(PHONE, "login", WORDS).provider == "aliyun"

    sms = sandbox.last_sms(PHONE)
    assert (sms["provider"], sms["template"], sms["params"]) == ("aliyun", "SMS_100000001", WORDS)
    assert sms["text"] == "【伴心咨询】您的验证码为482913，用于登录，5分钟内有效，请勿告诉他人。"


def test_tencent_takes_what_we_sign(sandbox, settings):
    settings.SMS_ALIYUN_KEY_ID = ""

    assert send_sms(PHONE, "reset", WORDS).provider == "tencent"

    sms = sandbox.last_sms(PHONE)
    assert (sms["provider"], sms["template"], sms["params"]) == ("tencent", "1000003", WORDS)


def test_values_with_every_kind_of_letter_are_signed_as_sent(sandbox):
    params = {"title": "预约 +提醒&a=b~*(%)", "time": "11月21日 10:20"}

    assert send_sms(PHONE, "notice", params).provider == "aliyun"
    AliyunSender().send(PHONE, "SMS_100000006", params)
    TencentSender().send(PHONE, "1000006", params)

    assert [sms["params"] for sms in sandbox.outbox("sms", to=PHONE)] == [params] * 3


@pytest.mark.parametrize(
    "code",
    [
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.OUT_OF_SERVICE",
        "isv.ACCOUNT_ABNORMAL",
        "isv.DAY_LIMIT_CONTROL",
        "isp.RAM_PERMISSION_DENY",
    ],
)
def test_a_sick_account_hands_over_to_the_second(sandbox, code, caplog):
    sandbox.fault(f"error:{code}", "sms", "aliyun")

    assert send_sms(PHONE, "login", WORDS).provider == "tencent"

    assert [sms["provider"] for sms in sandbox.outbox("sms", to=PHONE)] == ["tencent"]
    assert [r.levelname for r in caplog.records if r.name == "accounts.sms.base"] == ["ERROR"]


def test_a_wrong_secret_hands_over_to_the_second(sandbox, settings):
    settings.SMS_ALIYUN_KEY_SECRET = "wrong-secret-wrong-secret"

    assert send_sms(PHONE, "login", WORDS).provider == "tencent"


def test_nobody_listening_hands_over_to_the_second(sandbox, settings):
    settings.SMS_ALIYUN_ENDPOINT = "http://127.0.0.1:1"

    assert send_sms(PHONE, "login", WORDS).provider == "tencent"


def test_a_system_error_is_asked_once_more_then_handed_over(sandbox):
    sandbox.fault("error:isp.SYSTEM_ERROR", "sms", "aliyun")
    assert send_sms(PHONE, "login", WORDS).provider == "aliyun"

    sandbox.reset()
    sandbox.fault("error:isp.SYSTEM_ERROR", "sms", "aliyun", times=2)
    assert send_sms(PHONE, "login", WORDS).provider == "tencent"


def test_a_limit_or_a_bad_number_is_nobody_elses_business(sandbox):
    send_sms(PHONE, "login", WORDS)

    assert trouble() == ("aliyun: isv.BUSINESS_LIMIT_CONTROL", Trouble.LIMIT)
    assert trouble("12345") == ("aliyun: isv.MOBILE_NUMBER_ILLEGAL", Trouble.NUMBER)
    assert len(sandbox.outbox("sms")) == 1


def test_wrong_words_are_an_alarm_and_not_tried_elsewhere(sandbox, settings, caplog):
    settings.SMS_SIGN_NAME = "别家"

    assert trouble() == ("aliyun: isv.SMS_SIGNATURE_ILLEGAL", Trouble.WORDS)

    assert [r.levelname for r in caplog.records if r.name == "accounts.sms.base"] == ["ERROR"]
    assert sandbox.outbox("sms") == []


@pytest.mark.parametrize("action", ["drop", "truncate_body", "status:502", "bad_json"])
def test_no_answer_is_unknown_and_the_second_is_not_asked(sandbox, action):
    sandbox.fault(action, "sms", "aliyun")

    assert trouble()[1] is Trouble.UNKNOWN
    assert {sms["provider"] for sms in sandbox.outbox("sms")} <= {"aliyun"}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("LimitExceeded.PhoneNumberDailyLimit", Trouble.LIMIT),
        ("FailedOperation.PhoneNumberInBlacklist", Trouble.NUMBER),
        ("FailedOperation.InsufficientBalanceInSmsPackage", Trouble.ACCOUNT),
        ("FailedOperation.TemplateIncorrectOrUnapproved", Trouble.WORDS),
        ("AuthFailure.SignatureExpire", Trouble.ACCOUNT),
        ("InternalError.Timeout", Trouble.UNKNOWN),
    ],
)
def test_what_tencent_says_is_told_apart(sandbox, settings, code, kind):
    settings.SMS_ALIYUN_KEY_ID = ""
    sandbox.fault(f"error:{code}", "sms", "tencent")

    assert trouble() == (f"tencent: {code}", kind)


def test_without_keys_nothing_is_sent(sandbox, settings):
    settings.SMS_ALIYUN_KEY_ID = settings.SMS_TENCENT_SECRET_ID = ""

    assert trouble() == ("sms: not configured", Trouble.ACCOUNT)


def test_neither_code_nor_secret_nor_number_is_logged(sandbox, settings, caplog):
    caplog.set_level("DEBUG")
    sandbox.fault("error:isv.AMOUNT_NOT_ENOUGH", "sms", "aliyun")
    sandbox.fault("drop", "sms", "tencent")
    with pytest.raises(SmsError):
        send_sms(PHONE, "login", WORDS)

    ours = [r.getMessage() for r in caplog.records if r.name.startswith("accounts")]
    assert len(ours) == 2
    for secret in (
        PHONE,
        "482913",
        settings.SMS_ALIYUN_KEY_SECRET,
        settings.SMS_TENCENT_SECRET_KEY,
    ):
        assert secret not in "".join(ours)


@pytest.mark.django_db
def test_a_notice_by_sms_goes_to_the_number_it_names(sandbox):
    user = UserFactory(phone="13900139000")
    notify(user, "phone_replaced", at="2026年11月21日 10:20", to=PHONE)

    assert send_pending() == 1

    sms = sandbox.last_sms(PHONE)
    assert sms["params"] == {"title": "账号手机号已更换", "time": "2026年11月21日 10:20"}


@pytest.mark.django_db
def test_a_notice_to_nobody_is_undeliverable(sandbox):
    user = UserFactory()
    notify(user, "phone_replaced", at="2026年11月21日 10:20")

    assert send_pending() == 0

    note = Notification.objects.get(channel=Channel.SMS)
    assert note.status == NotificationStatus.UNDELIVERABLE
