"""A login beyond MAX_DEVICES ends the oldest; tests/races/test_device_limit.py has many at once."""

import pytest
from django.utils import timezone

from accounts.errors import ParameterInvalid
from accounts.models import LoginSession, Notification, RefreshToken
from accounts.services.parameters import change_parameters, forget_parameters
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, data, refusal


def limit(devices: int) -> None:
    change_parameters({"MAX_DEVICES": devices}, actor=None)
    forget_parameters()


def log_in(user, device: str):
    body = {"account": user.username, "password": PASSWORD, "device_name": device}
    return data(Api().post("/login", body))


def live(user) -> list[str]:
    rows = LoginSession.objects.visible_to(user).order_by("pk")
    return list(rows.values_list("device_name", flat=True))


@pytest.fixture
def person(db):
    return UserFactory(username="wang", password=PASSWORD)


def test_one_login_too_many_ends_the_oldest_with_its_own_reason(person):
    limit(2)
    first = log_in(person, "手机")
    second = log_in(person, "平板")
    assert not Notification.objects.filter(template="device_limit_reached").exists()

    log_in(person, "电脑")

    assert live(person) == ["平板", "电脑"]
    ended = LoginSession.objects.get(device_name="手机")
    assert (ended.revoked_reason, ended.revoked_at is not None) == ("limit", True)
    assert refusal(Api().post("/token/refresh", {"refresh": first["refresh"]})) == (
        401, 11003,
    )  # fmt: skip
    gone = {"Authorization": f"Bearer {first['token']}"}
    assert Api().get("/users/profile", **gone).status_code == 401
    alive = {"Authorization": f"Bearer {second['token']}"}
    assert Api().get("/users/profile", **alive).status_code == 200


def test_the_person_is_told_which_device_it_was(person):
    limit(1)
    log_in(person, "手机")

    log_in(person, "电脑")

    note = Notification.objects.get(template="device_limit_reached", channel="in_app")
    number = LoginSession.objects.get(device_name="手机").pk
    assert note.user == person
    assert note.body == (
        "您的账号最多同时在 1 台设备上登录，本次登录后，"
        f"最早登录的设备（手机 #{number}）已退出。如非本人操作，请立即修改密码。"
    )


def test_none_is_the_first_value_and_means_no_limit(person):
    for n in range(12):
        log_in(person, f"设备{n}")
    assert len(live(person)) == 12

    limit(5)  # lowered: the next login ends all that are too many, and tells it once

    log_in(person, "电脑")
    assert live(person) == ["设备8", "设备9", "设备10", "设备11", "电脑"]
    note = Notification.objects.get(template="device_limit_reached", channel="in_app")
    assert note.context["devices"].endswith(" 等 8 台")


def test_ended_and_foreign_logins_do_not_count(person):
    limit(2)
    other = UserFactory()
    for _ in range(2):
        Api(other)
    Api(person).post("/logout", {})
    LoginSession.objects.create(
        sid="old", user=person, method="x", device_name="旧", expires_at=timezone.now()
    )
    log_in(person, "手机")

    log_in(person, "电脑")

    assert live(person) == ["手机", "电脑"]
    assert len(live(other)) == 2
    assert not LoginSession.objects.filter(revoked_reason="limit").exists()


def test_a_refused_login_ends_nobody(person):
    limit(1)
    log_in(person, "手机")

    refused = Api().post("/login", {"account": person.username, "password": "wrong-wrong"})

    assert refusal(refused) == (401, 11001)
    assert live(person) == ["手机"]
    assert RefreshToken.objects.count() == 1


@pytest.mark.parametrize("wrong", [-1, 101, "2", True])
def test_the_limit_is_a_whole_number_up_to_a_hundred(db, wrong):
    with pytest.raises(ParameterInvalid):
        limit(wrong)
