"""Wrong passwords are bounded, and bounding them locks no owner out (invariants J-5)."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import LoginGuard, LoginLog, LoginSession, OperationLog, User
from accounts.services import lockout
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, data, refusal

HOME, CAFE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def alice(db):
    return UserFactory(username="alice", phone="13800138000", password=PASSWORD)


@pytest.fixture
def evaluated(monkeypatch):
    """The passwords that were really compared."""
    seen = []
    check = User.check_password
    monkeypatch.setattr(
        User, "check_password", lambda user, raw: seen.append(raw) or check(user, raw)
    )
    return seen


def login(password=PASSWORD, *, account="alice", address=HOME, **headers):
    return Client(REMOTE_ADDR=address).post(
        "/api/v1/login",
        {"account": account, "password": password},
        content_type="application/json",
        headers=headers,
    )


def fail(times, **more):
    return [login(f"wrong-{i}", **more).status_code for i in range(times)]


def test_J5_the_sixth_guess_is_not_even_evaluated(alice, evaluated):
    assert fail(7) == [401] * 5 + [429] * 2

    response = login()

    assert refusal(response) == (429, 11040)
    assert response.json()["message"] == "密码错误次数过多，请稍后再试或使用其他方式登录"
    assert 890 <= int(response["Retry-After"]) <= 900
    assert response.json()["data"] == {"retry_after": int(response["Retry-After"])}
    assert evaluated == [f"wrong-{i}" for i in range(5)]
    assert LoginSession.objects.exists() is False
    assert LoginLog.objects.filter(reason__startswith="密码错误次数过多").count() == 3


def test_J5_other_names_of_the_account_and_made_up_hops_are_no_way_round(alice, evaluated):
    fail(3)
    answers = [
        login("wrong", account="13800138000", X_Forwarded_For=f"192.0.2.{i}").status_code
        for i in range(20)
    ]
    assert answers == [401] * 2 + [429] * 18
    assert len(evaluated) == 5


def test_an_account_that_does_not_exist_is_locked_alike(db):
    assert fail(6, account="nobody") == [401] * 5 + [429]


def test_another_address_passes_and_a_quarter_of_an_hour_heals(alice):
    fail(6)
    assert login(address=CAFE).status_code == 200

    with time_machine.travel(timezone.now() + timedelta(minutes=14, seconds=50), tick=False):
        assert login().status_code == 429
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1), tick=False):
        assert login().status_code == 200


def test_J5_no_quarter_of_an_hour_holds_more_than_five(alice, evaluated):
    """The window goes with the last failure, so two windows cannot meet."""
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        fail(1)
    with time_machine.travel(start + timedelta(minutes=14), tick=False):
        fail(4)
    with time_machine.travel(start + timedelta(minutes=16), tick=False):
        assert login("wrong").status_code == 429
    assert len(evaluated) == 5


def test_right_passwords_never_add_up(alice):
    assert [login().status_code for _ in range(12)] == [200] * 12
    fail(4)
    assert login().status_code == 200
    assert fail(5) == [401] * 5
    assert set(LoginGuard.objects.filter(key__startswith=f"u{alice.pk}@").values_list(
        "failures", flat=True)) == {5}  # fmt: skip


def test_J5_a_guess_that_was_never_answered_counts_as_a_wrong_one(alice):
    """Its process died; nobody waits for it either."""
    for _ in range(5):
        lockout.begin_login(alice, "alice", HOME)

    assert refusal(login()) == (429, 11040)
    lockout.unlock(alice)
    assert login().status_code == 200


def test_J5_a_right_password_forgives_what_went_before_and_nothing_that_is_under_way(alice):
    fail(2)
    with lockout.begin_login(alice, "alice", HOME):
        lockout.begin_login(alice, "alice", HOME)

    own = LoginGuard.objects.get(key=f"u{alice.pk}@{HOME}")
    assert (own.failures, own.checking) == (1, 1)


def test_J5_strangers_everywhere_are_capped_and_the_owner_at_home_comes_in(alice, evaluated):
    assert login().status_code == 200
    del evaluated[:]

    answers = [login("wrong", address=f"192.0.2.{i}").status_code for i in range(60)]

    assert answers == [401] * 20 + [429] * 40
    assert len(evaluated) == 20
    assert login(address=CAFE).status_code == 429
    assert login().status_code == 200


def test_an_address_that_tries_many_accounts_is_stopped(db, monkeypatch):
    monkeypatch.setattr(lockout, "PER_ADDRESS", 8)
    answers = [fail(1, account=f"person{i}")[0] for i in range(10)]
    assert answers == [401] * 8 + [429] * 2
    assert fail(1, account="person9", address=CAFE) == [401]


def test_one_ipv6_subscriber_is_one_address(alice):
    answers = [login("wrong", address=f"2001:db8:1:2::{i}").status_code for i in range(7)]
    assert answers == [401] * 5 + [429] * 2
    assert lockout.address_family("::ffff:203.0.113.7") == "203.0.113.7"


def test_staff_unlock_by_the_api(alice, staff):
    fail(6)
    admin = Api(staff("admin"))

    assert data(admin.post(f"/user/{alice.pk}/unlock"))["id"] == alice.pk

    assert login().status_code == 200
    assert OperationLog.objects.filter(request_url__endswith="/unlock").count() == 1


def test_unlocking_needs_the_right_and_an_existing_person(alice, api, staff):
    fail(6)
    assert refusal(api.post(f"/user/{alice.pk}/unlock")) == (403, 10403)
    admin = Api(staff("admin"))
    assert refusal(admin.post(f"/user/{admin.user.pk}/unlock")) == (403, 11017)
    assert admin.post("/user/99999/unlock").status_code == 404
    assert login().status_code == 429


def test_staff_unlock_in_the_back_office(alice, staff, client):
    fail(6)
    client.force_login(staff("admin"))

    client.post(
        "/admin/accounts/user/", {"action": "unlock", "_selected_action": [alice.pk]}, follow=True
    )

    assert LoginGuard.objects.filter(user=alice).exists() is False
    assert login().status_code == 200


def test_the_login_page_of_the_back_office_is_bounded_alike(staff):
    root = staff("super_admin", username="root")
    page = Client(REMOTE_ADDR=HOME)

    def enter(password):
        return page.post("/admin/login/", {"username": "root", "password": password})

    assert [enter("wrong").status_code for _ in range(5)] == [200] * 5
    response = enter(PASSWORD)

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 800
    assert "密码错误次数过多" in response.content.decode()
    assert login(account="root").status_code == 429  # one count for both doors
    lockout.unlock(root)
    assert enter(PASSWORD).status_code == 302


def test_a_stolen_login_cannot_guess_the_old_password(alice, evaluated):
    api = Api(alice)
    body = {"old_password": "wrong", "new_password": "Bu-Rong-Yi-88"}

    answers = [api.post("/password/change", body).status_code for _ in range(7)]

    assert answers == [400] * 5 + [429] * 2
    assert len(evaluated) == 5
    assert login().status_code == 200  # the other door stays open
