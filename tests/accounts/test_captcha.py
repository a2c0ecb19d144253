"""A captcha is asked for before a code when limits get near (invariants J-6)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import PhoneCode
from accounts.services.parameters import change_parameters
from tests.helpers import Api, data, refusal

PHONE = "13800138000"
asked = []


def verifier(ticket, *, ip_address):
    """A captcha provider of this suite."""
    asked.append((ticket, ip_address))
    if ticket == "away":
        raise OSError("connection refused")
    return ticket == "solved"


@pytest.fixture(autouse=True)
def _captcha(sandbox, db, settings):
    sandbox.reset()
    asked.clear()
    settings.CAPTCHA_VERIFIER = f"{__name__}.verifier"


def ask(phone=PHONE, **more):
    return Api().post("/sms/code", {"phone": phone, "purpose": "login", **more})


def got(count, **fields):
    """So many codes within the last hour, all more than a minute ago."""
    then = timezone.now() - timedelta(minutes=2)
    for _ in range(count):
        PhoneCode.objects.create(
            **{"phone": PHONE, "purpose": "login", "digest": "x"} | fields,
            created_at=then, expires_at=then,
        )  # fmt: skip


def test_the_first_codes_need_none():
    got(1)
    assert ask(captcha="whatever").status_code == 202
    assert asked == []


def test_the_third_code_of_an_hour_needs_one():
    got(2)

    assert refusal(ask()) == (422, 11220)
    assert refusal(ask(captcha="")) == (422, 11220)
    assert refusal(ask(captcha="wrong")) == (422, 11221)
    assert PhoneCode.objects.count() == 2

    assert ask(captcha="solved").status_code == 202
    assert asked == [("wrong", "127.0.0.1"), ("solved", "127.0.0.1")]


def test_an_address_that_asks_for_many_numbers_needs_one():
    got(8, phone="13900139000", network="127.0.0.1")
    assert refusal(ask()) == (422, 11220)


def test_a_provider_that_is_away_refuses_and_says_so():
    got(2)
    assert refusal(ask(captcha="away")) == (503, 11222)
    assert PhoneCode.objects.count() == 2


def test_a_solved_captcha_lifts_no_limit():
    got(5)
    answer = ask(captcha="solved")
    assert refusal(answer) == (429, 11028)
    assert data(answer, 429)["retry_after"] > 60


def test_how_near_is_a_parameter():
    change_parameters({"SMS_CAPTCHA_PERCENT": 0}, actor=None)
    assert refusal(ask()) == (422, 11220)


def test_without_a_verifier_nobody_is_asked(settings):
    settings.CAPTCHA_VERIFIER = ""
    got(4)
    assert ask().status_code == 202
