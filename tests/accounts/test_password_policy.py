"""Which passwords are refused beside the weak ones, and what is remembered of old ones."""

from itertools import pairwise

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher, check_password, make_password
from django.test import Client

from accounts.errors import WeakPassword
from accounts.models import User, UserPassword
from accounts.services import phone_login
from accounts.services.passwords import change_password, check_strength
from accounts.services.registration import create_user
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, data, refusal


@pytest.fixture
def alice(db):
    return UserFactory(
        username="alice", nickname="小满同学", phone="13800138000", password=PASSWORD
    )


def change(user, old, new):
    return Api(User.objects.get(pk=user.pk)).post(
        "/password/change", {"old_password": old, "new_password": new}
    )


@pytest.mark.parametrize(
    "password",
    ["Alice-4711-x", "小满同学-4711-x", "t13800138000t", "BanXin-4711-x", "ｂａｎｘｉｎ-4711"],
)
def test_J10_a_password_about_its_owner_or_the_product_is_refused(alice, password):
    response = change(alice, PASSWORD, password)

    assert refusal(response) == (400, 11014)
    assert response.json()["data"]["password"]
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)
    assert UserPassword.objects.exists() is False


def test_such_a_word_is_allowed_in_a_password_that_is_long_without_it(alice):
    assert data(change(alice, PASSWORD, "alice-Shan-Shui-4711")) == {}


def test_none_of_the_last_five_comes_back_and_the_sixth_may(alice):
    passwords = [PASSWORD, *(f"Shan-Shui-{i}{i}{i}{i}" for i in range(5))]
    for old, new in pairwise(passwords):
        assert data(change(alice, old, new)) == {}

    for used in passwords[1:]:
        response = change(alice, passwords[-1], used)
        assert refusal(response) == (400, 11014)
        assert response.json()["data"] == {"password": ["不能使用最近 5 次用过的密码"]}

    assert data(change(alice, passwords[-1], PASSWORD)) == {}
    record = UserPassword.objects.get(user=alice)
    assert len(record.history) == 5
    assert check_password(PASSWORD, record.history[0])


def test_the_very_first_change_refuses_the_password_in_force(alice):
    assert refusal(change(alice, PASSWORD, PASSWORD)) == (400, 11014)


def test_J10_staff_need_fifteen_characters_and_others_eight(alice, staff):
    check_strength("Shan-47-x1", alice)
    with pytest.raises(WeakPassword) as refused:
        check_strength("Shan-47-x1", staff("finance"))
    assert refused.value.data == {"password": ["工作人员的密码至少 15 位"]}


def test_a_password_that_staff_set_is_marked_until_its_owner_changes_it(staff, client):
    client.force_login(staff("super_admin"))
    form = {"username": "newcomer", "nickname": "新人", "password": "Shan-Shui-4711"}
    client.post("/admin/accounts/user/add/", form)
    person = User.objects.get(username="newcomer")
    page = f"/admin/accounts/user/{person.pk}/change/"
    assert "须本人修改" in client.get(page).content.decode()

    change_password(person.pk, old="Shan-Shui-4711", new="Gao-Shan-0815", keep_session=0)

    assert UserPassword.objects.get(user=person).must_change is False
    assert "须本人修改" not in client.get(page).content.decode()


def test_who_registers_chose_their_password(db):
    user = create_user(username="chooser", password="Shan-Shui-4711")
    assert UserPassword.objects.filter(user=user).exists() is False


def test_the_back_office_says_why_a_password_is_refused(staff):
    user, client = staff("finance"), Client()
    client.force_login(user)

    response = client.post(
        "/admin/password_change/",
        {"old_password": PASSWORD, "new_password1": PASSWORD, "new_password2": PASSWORD},
    )

    assert response.status_code == 200
    assert "不能使用最近 5 次用过的密码" in response.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_password_reset_by_code_counts_too(alice):
    remembered = "Shan-Shui-4711"
    phone_login._reset(alice.pk, phone=alice.phone, password=make_password(remembered))

    person = User.objects.get(pk=alice.pk)
    for used in (PASSWORD, remembered):
        with pytest.raises(WeakPassword):
            check_strength(used, person)
    assert len(UserPassword.objects.get(user=alice).history) == 2


COMMON = [
    "password", "password1", "12345678", "123456789", "1234567890", "qwertyuiop", "iloveyou",
    "sunshine", "princess", "football", "baseball", "superman", "trustno1", "1q2w3e4r", "qwer1234",
    "88888888", "11111111", "woaini1314", "5201314520", "asdfghjkl",
]  # fmt: skip


@pytest.mark.parametrize("password", COMMON)
def test_J10_twenty_of_the_list_are_refused_in_any_spelling(alice, password):
    for spelling in (password, password.upper()):
        response = change(alice, PASSWORD, spelling)
        assert refusal(response) == (400, 11014), spelling
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)


def test_J10_an_unknown_account_costs_as_many_hashes_as_a_wrong_password(alice, monkeypatch):
    """So that their times do not tell who is registered; each is one of the same kind."""
    hashed, encode = [], MD5PasswordHasher.encode

    def counted(self, password, salt, *args):
        hashed.append(password)
        return encode(self, password, salt, *args)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    costs = []
    for account in ("alice", "nobody-here", "13900000009", "nobody@x.cn"):
        hashed.clear()
        Api().post("/login", {"account": account, "password": "not-the-password"})
        costs.append(list(hashed))

    assert costs == [["not-the-password"]] * 4
