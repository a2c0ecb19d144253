"""Codes by SMS under fire (invariants J-6, J-7, J-9)."""

import time
from collections import Counter

import pytest
from django.db.models import F
from django.utils import timezone

from accounts.errors import CodeInvalid
from accounts.models import LoginSession, PhoneCode, RateCounter, User, WeChatIdentity
from accounts.services import binding, codes, limits, phone_codes, phone_login
from accounts.services.parameters import change_parameters, forget_parameters
from accounts.services.phone_codes import request_code, spend_code
from accounts.services.phone_login import by_phone, by_wechat_phone, register_by_phone
from accounts.services.sessions import Device
from tests.factories.accounts import UserFactory
from tests.helpers import Api, meeting, together
from tests.races.figures import figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROUNDS = pytest.mark.parametrize("turn", range(4))
PHONE = "13800138000"
HERE = Device(ip_address="127.0.0.1")


@pytest.fixture(autouse=True)
def _fresh_world(sandbox):
    sandbox.reset()


def kinds(outcomes) -> dict[str, int]:
    names = [type(outcome).__name__ for outcome in outcomes]
    return {name: names.count(name) for name in sorted(set(names))}


def code_for(sandbox, purpose="login") -> str:
    request_code(PHONE, purpose, ip_address="127.0.0.1")
    return sandbox.last_sms(PHONE)["params"]["code"]


@ROUNDS
def test_J6_twenty_requests_for_one_number_send_one(turn, sandbox):
    outcomes = together(20, lambda i: request_code(PHONE, "login", ip_address=f"203.0.113.{i + 1}"))

    assert kinds(outcomes) == {"NoneType": 1, "TooManyCodes": 19}
    assert PhoneCode.objects.count() == len(sandbox.outbox("sms")) == 1


def test_J6_a_number_in_many_spellings_is_one_number(sandbox):
    times, spellings = size(5000), spellings_of(PHONE)
    assert len(set(spellings)) >= 25

    def ask(i):
        body = {"phone": spellings[i % len(spellings)], "purpose": "login"}
        return Api().post("/sms/code", body).status_code

    began = time.monotonic()
    outcomes = Counter(storm(times, ask))
    at_most = 1 + int(time.monotonic() - began) // 60  # one a minute, on a slow machine too

    sent = outcomes[200] + outcomes[201] + outcomes[202]
    assert 1 <= sent <= at_most
    assert outcomes.keys() <= {200, 201, 202, 400, 429}
    assert outcomes[429] > times // 2
    # The provider counts its own minutes, and may refuse one that ours would let go.
    assert len(sandbox.outbox("sms")) == sent <= PhoneCode.objects.count() <= at_most
    spelled = f"{times} requests in {len(spellings)} spellings of one number"
    figure("J-6", f"{spelled}: {sent} of {at_most} messages that a minute each allows")


def spellings_of(phone: str) -> list[str]:
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    heads = ["", "+86", "+86 ", "86", "0086", "+86-", "(+86)", "＋86"]
    bodies = [phone, f"{phone[:3]} {phone[3:7]} {phone[7:]}", f"{phone[:3]}-{phone[3:]}"]
    made = [head + body for head in heads for body in bodies]
    return [
        *made,
        phone.translate(wide),
        f" {phone} ",
        f"\u200b{phone}",
        f"{phone[:5]}\u200d{phone[5:]}",
    ]


@ROUNDS
def test_J6_thirty_numbers_from_one_address_send_twenty(turn, sandbox):
    outcomes = together(
        30, lambda i: request_code(f"138001380{i:02}", "login", ip_address="203.0.113.1")
    )

    assert kinds(outcomes) == {"NoneType": 20, "TooManyCodes": 10}
    assert len(sandbox.outbox("sms")) == 20


@ROUNDS
def test_J6_the_budget_of_the_day_is_exact(turn, sandbox):
    change_parameters({"SMS_DAY_BUDGET": 7}, actor=None)
    forget_parameters()

    outcomes = together(
        20,
        lambda i: request_code(f"138001380{i:02}", "login", ip_address=f"203.0.113.{i + 1}"),
    )

    assert kinds(outcomes) == {"NoneType": 7, "SmsBudgetSpent": 13}
    assert RateCounter.objects.get(key__startswith="sms:day:").used == 7


def test_J6_without_the_lock_more_are_sent(monkeypatch, sandbox):
    """The negative control: everybody looks before anybody has written."""
    monkeypatch.setattr(limits, "lock", lambda key: None)
    monkeypatch.setattr(phone_codes, "_send", lambda row, code: None)
    all_have_looked, look = meeting(8), limits.check_windows

    def slowly(*args, **kwargs):
        look(*args, **kwargs)
        all_have_looked()

    monkeypatch.setattr(limits, "check_windows", slowly)

    together(8, lambda i: request_code(PHONE, "login", ip_address=f"203.0.113.{i + 1}"))

    assert PhoneCode.objects.count() > 1


@ROUNDS
def test_J7_many_guesses_at_a_time_are_five(turn, sandbox, monkeypatch):
    code = code_for(sandbox)
    evaluated = []
    compare = codes.constant_time_compare
    monkeypatch.setattr(
        codes, "constant_time_compare", lambda a, b: evaluated.append(1) or compare(a, b)
    )
    wrong = f"{(int(code) + 1) % 10**6:06d}"

    guesses = max(size(200), 50)
    outcomes = storm(guesses, lambda i: spend_code(PHONE, "login", wrong))

    assert kinds(outcomes) == {"CodeInvalid": guesses}
    assert len(evaluated) == PhoneCode.objects.get().attempts == 5
    with pytest.raises(CodeInvalid):
        spend_code(PHONE, "login", code)
    if turn == 0:
        figure("J-7", f"{guesses} guesses at one code: 5 evaluated")


def test_J7_counting_after_looking_evaluates_more(sandbox):
    """The negative control: read the attempts, then write them."""
    code_for(sandbox)
    row = PhoneCode.objects.get()
    evaluated, all_have_looked = [], meeting(20)

    def naive(i):
        attempts = PhoneCode.objects.get(pk=row.pk).attempts
        all_have_looked()
        if attempts < 5:
            evaluated.append(1)
            PhoneCode.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)

    together(20, naive)

    assert len(evaluated) == 20


@ROUNDS
def test_J7_the_right_code_at_once_is_one_login(turn, sandbox):
    code = code_for(sandbox)

    outcomes = together(4, lambda i: by_phone(PHONE, code, device=HERE))

    assert kinds(outcomes) == {"CodeInvalid": 3, "LoggedIn": 1}
    assert User.objects.count() == LoginSession.objects.count() == 1


@ROUNDS
def test_sixteen_first_logins_of_one_number_make_one_account(turn):
    outcomes = together(16, lambda i: register_by_phone(PHONE))

    assert kinds(outcomes) == {"User": 16}
    assert {user.pk for user in outcomes} == {User.objects.get().pk}


@ROUNDS
def test_sixteen_presses_of_the_phone_button_make_one_account(turn, sandbox):
    persona = sandbox.persona(phone=PHONE)
    codes = [
        (sandbox.login_code(persona["id"]), sandbox.phone_code(persona["id"])) for _ in range(16)
    ]

    outcomes = together(16, lambda i: by_wechat_phone(*codes[i], device=HERE))

    assert kinds(outcomes) == {"LoggedIn": 16}
    assert User.objects.get().phone == PHONE
    assert WeChatIdentity.objects.count() == 1


@ROUNDS
def test_J9_one_number_is_bound_to_one_of_eight(turn, monkeypatch):
    monkeypatch.setattr(binding, "spend_code", lambda *args: None)  # each with a code of their own
    users = UserFactory.create_batch(8)

    outcomes = together(
        8, lambda i: binding.bind_phone(users[i].pk, phone=PHONE, code="482913", login=None)
    )

    assert kinds(outcomes) == {"NoneType": 1, "PhoneTaken": 7}
    assert User.objects.filter(phone=PHONE).count() == 1


@ROUNDS
def test_two_that_take_over_from_each_other_end_in_order(turn, monkeypatch):
    monkeypatch.setattr(binding, "spend_code", lambda *args: None)
    first, second = UserFactory(phone=PHONE), UserFactory(phone="13900139000")
    jobs = [
        lambda: binding.merge_phone(first.pk, phone="13900139000", code="482913"),
        lambda: binding.merge_phone(second.pk, phone=PHONE, code="482913"),
    ]

    outcomes = together(2, lambda i: jobs[i]())

    assert kinds(outcomes) == {"NoneType": 2}
    phones = list(User.objects.exclude(phone=None).values_list("phone", flat=True))
    assert len(phones) == len(set(phones)) <= 2


def test_a_reset_against_a_number_that_moves_on(monkeypatch):
    """Who lost the number between the code and the write keeps their password."""
    user = UserFactory(phone=PHONE)
    before = user.password

    def moves(*args):
        User.objects.filter(pk=user.pk).update(phone=None, updated_at=timezone.now())

    monkeypatch.setattr(phone_login, "spend_code", lambda *args: None)
    monkeypatch.setattr(phone_login, "check_strength", lambda new, person: person.pk and moves())
    with pytest.raises(CodeInvalid):
        phone_login.reset_password(PHONE, code="482913", new="chun-shui-chu-sheng-2026")

    user.refresh_from_db()
    assert user.password == before
