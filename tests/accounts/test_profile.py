"""/users/profile and /user/profile: one view."""

from datetime import date

import pytest
from django.conf import settings

from accounts.models import User, WeChatIdentity
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

PATHS = ["/users/profile", "/user/profile"]
FIELDS = {"id", "openid", "nickname", "avatar", "gender", "birthday", "phone", "email"}


@pytest.fixture
def user(db):
    return UserFactory(nickname="小林", phone="13800138000", email="lin@example.com")


@pytest.mark.parametrize("path", PATHS)
def test_the_owner_sees_everything_in_full(api, user, path):
    WeChatIdentity.objects.create(user=user, appid=settings.WX_APPID, openid="oAbC")

    assert data(api.get(path)) == {
        "id": user.pk, "openid": "oAbC", "nickname": "小林", "avatar": "", "gender": None,
        "birthday": None, "phone": "13800138000", "email": "lin@example.com",
    }  # fmt: skip


def test_one_statement_warm_and_two_cold(api, django_assert_num_queries):
    with django_assert_num_queries(2):
        api.get(PATHS[0])
    with django_assert_num_queries(1):
        api.get(PATHS[0])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["put", "patch"])
def test_any_subset_changes_just_that(api, user, path, method):
    assert data(getattr(api, method)(path, {"gender": "female"})) == {}
    assert data(getattr(api, method)(path, {"nickname": "林林", "birthday": "1990-02-28"})) == {}

    user.refresh_from_db()
    assert (user.nickname, user.gender, user.birthday) == ("林林", "female", date(1990, 2, 28))
    seen = data(api.get(path))
    assert (seen["nickname"], seen["gender"], seen["birthday"]) == ("林林", "female", "1990-02-28")


def test_patch_is_reachable_by_post(api, user):
    response = api.post(PATHS[0], {"nickname": "林"}, X_HTTP_Method_Override="PATCH")

    assert data(response) == {}
    user.refresh_from_db()
    assert user.nickname == "林"


@pytest.mark.parametrize("nothing", [None, ""])
def test_gender_and_birthday_can_be_cleared(api, user, nothing):
    User.objects.update(gender="male", birthday=date(1990, 1, 1))

    data(api.put(PATHS[0], {"gender": nothing, "birthday": None}))

    seen = data(api.get(PATHS[0]))
    assert (seen["gender"], seen["birthday"]) == (None, None)


def test_a_form_sent_back_whole_is_accepted(api):
    whole = data(api.get(PATHS[0])) | {"nickname": "新名", "phone": "+86 138-0013-8000"}

    assert data(api.put(PATHS[0], whole)) == {}
    assert data(api.get(PATHS[0]))["nickname"] == "新名"


@pytest.mark.parametrize(
    "change",
    [
        {"phone": "13900139000"},
        {"phone": ""},
        {"phone": None},
        {"email": "new@example.com"},
        {"email": ""},
    ],
)
def test_J9_saying_a_phone_or_email_does_not_make_it_mine(api, user, change):
    response = api.put(PATHS[0], {"nickname": "贼"} | change)

    assert refusal(response) == (422, 11019)
    assert response.json()["data"] == {"field": next(iter(change))}
    before = user.phone, user.email, user.nickname
    user.refresh_from_db()
    assert (user.phone, user.email, user.nickname) == before


def test_J9_a_victims_phone_and_a_free_one_are_refused_alike(api):
    UserFactory(phone="13700137000")

    taken = api.put(PATHS[0], {"phone": "13700137000"})
    free = api.put(PATHS[0], {"phone": "13600136000"})

    assert refusal(taken) == refusal(free) == (422, 11019)
    assert taken.json()["data"] == free.json()["data"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"nickname": "x" * 33}, "nickname"),
        ({"nickname": ""}, "nickname"),
        ({"nickname": "a\0b"}, "nickname"),
        ({"nickname": None}, "nickname"),
        ({"gender": "robot"}, "gender"),
        ({"birthday": "2090-01-01"}, "birthday"),
        ({"birthday": "1800-01-01"}, "birthday"),
        ({"birthday": "1990-02-30"}, "birthday"),
        ({"phone": "123"}, "phone"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_bad_values_name_the_field_and_change_nothing(api, user, body, field):
    response = api.put(PATHS[0], body | {"gender": body.get("gender", "male")})

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == [field]
    user.refresh_from_db()
    assert (user.nickname, user.gender) == ("小林", "")


def test_half_a_character_is_no_text(api, user):
    for value in ('"\\ud800"', '"\\udfff x"'):
        response = api.client.put(
            "/api/v1/users/profile", f'{{"gender": {value}}}', "application/json",
            headers=api.headers,
        )  # fmt: skip
        assert refusal(response) == (400, 10400)


def test_read_only_fields_change_nothing(api, user):
    other = UserFactory()
    extras = {"id": other.pk, "openid": "oX", "avatar": "https://e.cn/x.png", "status": "deleted",
              "is_staff": True, "is_superuser": True, "username": "root", "user_id": other.pk,
              "token_version": 9, "password": "x"}  # fmt: skip
    before = User.objects.filter(pk=user.pk).values().get()

    assert data(api.put(PATHS[0], extras)) == {}

    after = User.objects.filter(pk=user.pk).values().get()
    assert {k: v for k, v in after.items() if v != before[k]}.keys() == {"updated_at"}


def test_nobody_else_gets_in(db):
    assert refusal(Api().get(PATHS[0])) == (401, 10401)
    assert refusal(Api().put(PATHS[0], {"nickname": "x"})) == (401, 10401)
