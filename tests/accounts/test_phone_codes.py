"""POST /sms/code and what spends a code (invariants J-6, J-7)."""

from datetime import timedelta

import pytest
from django.conf import settings as project
from django.utils import timezone

from accounts.errors import CodeInvalid
from accounts.models import CodePurpose, CodeState, PhoneCode, RateCounter
from accounts.services.parameters import change_parameters
from accounts.services.phone_codes import request_code, spend_code
from accounts.tasks import purge_expired
from config.phones import normal_phone
from config.sealing import blind_index
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

PHONE = "13800138000"
SPELLINGS = [
    "13800138000", "+8613800138000", "8613800138000", "008613800138000", "+86 138 0013 8000",
    "+86-138-0013-8000", "138-0013-8000", "138 0013 8000", "(+86)13800138000",
    "(86) 138-0013-8000",
    "１３８００１３８０００", "＋８６１３８００１３８０００",
    "138\u200b00138000", "\ufeff13800138000",
    "138\u00a00013\u00a08000", "138\u30000013\u30008000", "138–0013–8000", "138—0013—8000",
    "138\u20110013\u20118000", "138.0013.8000", "138·0013·8000", " 13800138000 ",
    "\u202a13800138000\u202c", "138\u00ad0013\u00ad8000", "+86\u200d138\u20600013\u200c8000",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh_world(sandbox, db):
    sandbox.reset()


def ask(phone=PHONE, purpose="login", **headers):
    return Api().post("/sms/code", {"phone": phone, "purpose": purpose}, **headers)


def later(sandbox, **span):
    """Move what was sent into the past, and the provider's clock with it."""
    for code in PhoneCode.objects.all():
        PhoneCode.objects.filter(pk=code.pk).update(created_at=code.created_at - timedelta(**span))
    sandbox.clock(advance=timedelta(**span).total_seconds())


def test_a_code_of_six_digits_arrives_and_is_kept_nowhere(sandbox):
    assert data(ask(), 202) == {"expires_in": 300, "retry_after": 60}

    sms = sandbox.last_sms(PHONE)
    code = sms["params"]["code"]
    row = PhoneCode.objects.get()
    assert (len(code), code.isdigit(), sms["params"]["minutes"]) == (6, True, "5")
    assert (row.phone, row.purpose, row.state, row.provider) == (PHONE, "login", "sent", "aliyun")
    assert row.expires_at - row.created_at == timedelta(seconds=300)
    assert code not in " ".join(str(v) for v in vars(row).values() if v is not row.digest)
    assert len(row.digest) == 64


def test_the_answer_is_the_same_whether_the_number_is_registered(sandbox):
    UserFactory(phone="13900139000")
    for purpose in CodePurpose.values:
        known, unknown = ask("13900139000", purpose), ask("13700137000", purpose)
        assert (known.status_code, unknown.status_code) == (202, 202)
        assert known.json()["data"] == unknown.json()["data"]
        assert {c.phone for c in PhoneCode.objects.all()} == {"13900139000", "13700137000"}
        PhoneCode.objects.all().delete()
        sandbox.reset()


def test_J6_25_spellings_are_one_number(sandbox):
    assert len(set(SPELLINGS)) == 25
    assert {normal_phone(spelling) for spelling in SPELLINGS} == {PHONE}

    outcomes = [ask(spelling).status_code for spelling in SPELLINGS]

    assert outcomes == [202] + [429] * 24
    assert len(sandbox.outbox("sms")) == 1


@pytest.mark.parametrize(
    "phone", ["", "1", "12800138000", "+85261234567", "1380013800a", "1" * 500]
)
def test_what_is_no_mainland_mobile_is_a_field_error(sandbox, phone):
    response = ask(phone)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == ["phone"]
    assert PhoneCode.objects.exists() is False


def test_J6_one_a_minute_whatever_the_purpose(sandbox):
    data(ask(), 202)

    response = ask(purpose="reset")

    assert refusal(response) == (429, 11028)
    assert 58 <= response.json()["data"]["retry_after"] <= 60
    assert response.headers["Retry-After"] == str(response.json()["data"]["retry_after"])
    later(sandbox, seconds=60)
    data(ask(purpose="reset"), 202)


def test_J6_five_an_hour_and_ten_a_day(sandbox):
    for _ in range(5):
        data(ask(), 202)
        later(sandbox, seconds=61)
    assert refusal(ask()) == (429, 11028)
    later(sandbox, hours=1)
    for _ in range(5):
        data(ask(), 202)
        later(sandbox, seconds=61)
    later(sandbox, hours=1)

    response = ask()

    assert refusal(response) == (429, 11028)
    assert response.json()["data"]["retry_after"] > 20 * 3600
    assert len(sandbox.outbox("sms")) == 10
    later(sandbox, hours=24)
    data(ask(), 202)


def test_J6_twenty_an_hour_from_one_address(sandbox):
    outcomes = [ask(f"138001380{n:02}").status_code for n in range(22)]

    assert outcomes == [202] * 20 + [429] * 2
    assert {code.network for code in PhoneCode.objects.all()} == {"127.0.0.1"}


def test_J6_addresses_of_one_ipv6_network_count_as_one(sandbox):
    for n in range(20):
        request_code(f"138001380{n:02}", "login", ip_address=f"2001:db8:1:2::{n + 1:x}")

    assert {code.network for code in PhoneCode.objects.all()} == {"2001:db8:1:2::/64"}


def test_J6_a_forged_forwarding_header_is_not_another_address(sandbox):
    for n in range(20):
        data(ask(f"138001380{n:02}", X_Forwarded_For=f"203.0.113.{n}"), 202)

    assert refusal(ask("13800138099", X_Forwarded_For="203.0.113.99")) == (429, 11028)


def test_J6_the_budget_of_the_day_is_never_overdrawn(sandbox, time_machine):
    time_machine.move_to(timezone.now().replace(hour=4))  # noon in Shanghai: one day for all
    change_parameters({"SMS_DAY_BUDGET": 2}, actor=None)
    from accounts.services.parameters import forget_parameters

    forget_parameters()
    outcomes = [ask(f"138001380{n:02}").status_code for n in range(4)]

    assert outcomes == [202, 202, 503, 503]
    assert refusal(ask("13800138099")) == (503, 11029)
    assert RateCounter.objects.get(key__startswith="sms:day:").used == 2
    assert PhoneCode.objects.count() == 2


def test_J6_the_limits_hold_without_a_cache(sandbox, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    assert [ask().status_code for _ in range(3)] == [202, 429, 429]


def test_without_providers_it_is_off(sandbox, settings):
    settings.SMS_ALIYUN_KEY_ID = settings.SMS_TENCENT_SECRET_ID = ""

    assert refusal(ask()) == (503, 11030)
    assert PhoneCode.objects.exists() is RateCounter.objects.exists() is False


def test_a_code_that_surely_went_nowhere_is_void_and_said(sandbox):
    sandbox.fault("error:isv.AMOUNT_NOT_ENOUGH", "sms", "aliyun")
    sandbox.fault("error:FailedOperation.InsufficientBalanceInSmsPackage", "sms", "tencent")

    assert refusal(ask()) == (503, 11030)

    row = PhoneCode.objects.get()
    assert (row.state, row.provider) == (CodeState.FAILED, "tencent")
    assert row.error == "tencent: FailedOperation.InsufficientBalanceInSmsPackage"
    assert row.voided_at is not None


def test_a_code_that_may_have_arrived_works(sandbox):
    sandbox.fault("truncate_body", "sms", "aliyun")

    data(ask(), 202)

    assert PhoneCode.objects.get().state == CodeState.UNKNOWN
    assert [sms["provider"] for sms in sandbox.outbox("sms")] == ["aliyun"]
    spend_code(PHONE, "login", sandbox.last_sms(PHONE)["params"]["code"])


def test_the_providers_own_limit_is_a_429(sandbox):
    sandbox.fault("error:isv.BUSINESS_LIMIT_CONTROL", "sms", "aliyun")

    response = ask()

    assert refusal(response) == (429, 11028)
    assert response.headers["Retry-After"] == "60"


def code_for(sandbox, purpose="login") -> str:
    request_code(PHONE, purpose, ip_address="127.0.0.1")
    return sandbox.last_sms(PHONE)["params"]["code"]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_J7_a_code_works_once(sandbox):
    code = code_for(sandbox)
    spend_code(PHONE, "login", code)

    with pytest.raises(CodeInvalid):
        spend_code(PHONE, "login", code)


def test_J7_five_tries_and_the_right_one_is_too_late(sandbox):
    code = code_for(sandbox)
    for _ in range(5):
        with pytest.raises(CodeInvalid):
            spend_code(PHONE, "login", wrong(code))

    with pytest.raises(CodeInvalid):
        spend_code(PHONE, "login", code)
    row = PhoneCode.objects.get()
    assert (row.attempts, row.used_at) == (5, None)


def test_J7_the_fifth_try_may_be_right(sandbox):
    code = code_for(sandbox)
    for _ in range(4):
        with pytest.raises(CodeInvalid):
            spend_code(PHONE, "login", wrong(code))

    spend_code(PHONE, "login", code)


@pytest.mark.parametrize("purpose", ["register", "reset", "bind", "change"])
def test_J7_a_code_is_for_its_purpose_and_number(sandbox, purpose):
    code = code_for(sandbox)

    with pytest.raises(CodeInvalid):
        spend_code(PHONE, purpose, code)
    with pytest.raises(CodeInvalid):
        spend_code("13900139000", "login", code)
    assert PhoneCode.objects.get().attempts == 0


def test_J7_a_code_copied_to_another_number_or_purpose_does_not_fit(sandbox):
    code = code_for(sandbox)
    readdress("13900139000")
    with pytest.raises(CodeInvalid):
        spend_code("13900139000", "login", code)

    readdress(PHONE)
    PhoneCode.objects.update(purpose="reset")
    with pytest.raises(CodeInvalid):
        spend_code(PHONE, "reset", code)


def readdress(phone):
    row = PhoneCode.objects.get()
    row.phone = phone
    row.save(update_fields=["phone"])


def test_J7_it_ends_when_its_time_is_over(sandbox):
    code = code_for(sandbox)
    PhoneCode.objects.update(expires_at=timezone.now())

    with pytest.raises(CodeInvalid):
        spend_code(PHONE, "login", code)


def test_J7_a_newer_code_ends_the_older(sandbox):
    old = code_for(sandbox)
    later(sandbox, seconds=61)
    new = code_for(sandbox)

    if old != new:
        with pytest.raises(CodeInvalid):
            spend_code(PHONE, "login", old)
    spend_code(PHONE, "login", new)
    assert PhoneCode.objects.filter(voided_at=None).count() == 1


def test_the_digest_depends_on_the_key_of_the_settings(sandbox, settings):
    code = code_for(sandbox)
    settings.SECRET_KEY = "another-secret-key-that-is-long-enough-to-sign-with"

    with pytest.raises(CodeInvalid):
        spend_code(PHONE, "login", code)


def test_codes_are_kept_thirty_days_and_counters_two(sandbox):
    code_for(sandbox)
    request_code("13900139000", "login", ip_address="127.0.0.1")
    now = timezone.now()
    PhoneCode.objects.filter(phone=PHONE).update(created_at=now - timedelta(days=31))
    counter = RateCounter.objects.filter(key=f"sms:phone:{blind_index('phone', PHONE)}")
    assert counter.update(expires_at=now) == 1

    purge_expired()

    assert PhoneCode.objects.get().phone == "13900139000"
    assert RateCounter.objects.count() == 3


def test_the_sandbox_is_where_the_settings_point(sandbox):
    assert project.SMS_ALIYUN_ENDPOINT.startswith("http://127.0.0.1:")
