"""POST /user, PUT and PATCH /user/{id}: staff make and change people, within their rights."""

import pytest

from accounts.models import OperationLog, User, UserPassword
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

PASSWORD = "Bu-Rong-Yi-8866"


@pytest.fixture
def admin(staff):
    return Api(staff("admin", nickname="运营"))


def test_a_new_person_logs_in_with_a_password_they_have_to_change(admin):
    wish = {"username": "Xiaolin", "password": PASSWORD, "nickname": "小林", "gender": "female"}

    made = data(admin.post("/user", wish), 201)

    assert (made["username"], made["nickname"], made["gender"], made["status"]) == (
        "xiaolin", "小林", "female", "active",
    )  # fmt: skip
    assert "password" not in made
    assert UserPassword.objects.get(user_id=made["id"]).must_change
    assert Api().post("/login", {"account": "xiaolin", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"username": "bob"}, (409, 11013)),
        ({"username": "1bob"}, (400, 11021)),
        ({"password": "12345678"}, (400, 11014)),
        ({"username": ""}, (400, 10400)),
        ({"birthday": "2999-01-01"}, (400, 10400)),
    ],
)
def test_a_bad_wish_makes_nobody(admin, wish, why):
    UserFactory(username="bob")
    people = User.objects.count()

    wish = {"username": "newcomer", "password": PASSWORD} | wish
    assert refusal(admin.post("/user", wish)) == why
    assert User.objects.count() == people


def test_privileges_never_come_with_the_body(admin):
    wish = {
        "username": "newcomer", "password": PASSWORD, "roles": ["super_admin"], "is_staff": True,
        "is_superuser": True, "status": "disabled", "phone": "13800138000", "email": "a@b.cn",
    }  # fmt: skip
    made = data(admin.post("/user", wish), 201)
    data(admin.patch(f"/user/{made['id']}", wish | {"username": "other"}))

    user = User.objects.get(pk=made["id"])
    assert (user.is_staff, user.is_superuser, user.status) == (False, False, "active")
    assert (user.phone, user.email, user.username) == (None, None, "newcomer")
    assert user.groups.count() == 0


@pytest.mark.parametrize("method", ["put", "patch"])
def test_any_subset_is_changed_and_the_rest_stays(admin, method):
    bob = UserFactory(nickname="鲍勃", gender="male", birthday="1990-01-02")

    body = data(getattr(admin, method)(f"/user/{bob.pk}", {"nickname": "老鲍", "birthday": None}))

    assert (body["nickname"], body["gender"], body["birthday"]) == ("老鲍", "male", None)


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_gender_is_taken_back(admin, nothing):
    bob = UserFactory(nickname="鲍勃", gender="male")

    assert data(admin.patch(f"/user/{bob.pk}", {"gender": nothing}))["gender"] is None


def test_nobody_is_changed_by_somebody_below_them(admin, staff):
    boss = staff("super_admin", nickname="超管")

    assert refusal(admin.patch(f"/user/{boss.pk}", {"nickname": "x"})) == (403, 11020)
    assert refusal(admin.patch(f"/user/{admin.user.pk}", {"nickname": "x"})) == (403, 11017)
    boss.refresh_from_db()
    assert boss.nickname == "超管"


def test_who_is_gone_stays_as_they_are(admin):
    gone = UserFactory(nickname="")
    User.objects.filter(pk=gone.pk).update(status="deleted")

    assert refusal(admin.patch(f"/user/{gone.pk}", {"nickname": "x"})) == (409, 10409)


@pytest.mark.django_db(transaction=True)  # changes are noted when they commit
def test_the_log_has_the_difference_and_no_password(staff):
    admin = Api(staff("admin"))
    made = data(admin.post("/user", {"username": "newcomer", "password": PASSWORD}), 201)
    data(admin.patch(f"/user/{made['id']}", {"nickname": "小林"}))

    create, update = OperationLog.objects.order_by("pk")
    assert (create.operation, update.operation) == ("user:create", "user:update")
    assert create.request_params["password"] == "***"
    assert PASSWORD not in str(create.request_params) + str(create.changes)
    assert update.changes == [
        {"object": f"accounts.user#{made['id']}", "fields": {"nickname": ["", "小林"]}}
    ]
