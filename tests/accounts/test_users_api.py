"""/user, /role, /menu/mine for staff."""

import pytest

from accounts.models import LoginSession, Notification, StatusChange, User
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal


@pytest.fixture
def admin(staff):
    return Api(staff("admin", nickname="运营"))


@pytest.fixture
def root(staff):
    return Api(staff("super_admin", nickname="超管"))


@pytest.fixture
def bob(db):
    return UserFactory(username="bob", nickname="鲍勃", phone="13800138000", email="bob@x.cn")


def test_a_person_as_staff_see_them(admin, bob):
    person = data(admin.get(f"/user/{bob.pk}"))
    related = {row["key"]: row["total"] for row in person.pop("related")}
    assert (related["orders"], related["appointments"], related["sessions"]) == (0, 0, 0)
    assert {line["key"] for line in person.pop("behavior")["series"]} == {
        "logins", "orders", "appointments",
    }  # fmt: skip
    assert person == {
        "id": bob.pk, "username": "bob", "nickname": "鲍勃", "avatar": "", "gender": None,
        "birthday": None, "phone": "138****8000", "email": "b***@x.cn", "status": "active",
        "is_staff": False, "roles": [], "organisation_id": None, "tags": [],
        "last_active_at": None,
        "created_at": bob.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip


def test_the_list_costs_the_same_for_one_and_for_twenty(admin, django_assert_num_queries, staff):
    for size in (1, 20):
        while User.objects.count() < size:
            staff("content_manager")
        admin.get("/user")  # the login is looked at once in half a second
        with django_assert_num_queries(4):  # count, page, roles, tags
            page = data(admin.get("/user", {"size": 100}))
        assert page["pagination"] == {"page": 1, "size": 100, "total": User.objects.count()}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "BOB"}, ["bob"]),
        ({"search": "鲍"}, ["bob"]),
        ({"search": "13800138000"}, ["bob"]),
        ({"search": "1380013"}, []),
        ({"search": "bob@x.cn"}, ["bob"]),
        ({"search": "x.cn"}, []),
        ({"status": "disabled"}, []),
        ({"status": "active", "search": "b"}, ["bob"]),
        ({"role": "finance"}, ["money"]),
    ],
)
def test_filters(admin, bob, staff, query, found):
    staff("finance", username="money", nickname="财务")
    assert [user["username"] for user in data(admin.get("/user", query))["list"]] == found


def test_ordering(admin, bob):
    for field in ("id", "created_at", "username"):
        up = [u["id"] for u in data(admin.get("/user", {"ordering": field}))["list"]]
        down = [u["id"] for u in data(admin.get("/user", {"ordering": f"-{field}"}))["list"]]
        assert up == down[::-1]
    several = data(admin.get("/user", {"ordering": "-created_at,username"}))
    assert len(several["list"]) == len(up)


@pytest.mark.parametrize("ordering", ["phone", "created_at,phone", "--id", "id,", "password"])
def test_an_order_there_is_not_is_refused_by_name(admin, ordering):
    response = admin.get("/user", {"ordering": ordering})

    assert refusal(response) == (400, 10400)
    assert response.json()["data"] == {"ordering": ["只能是 id, created_at, username"]}


def test_no_order_is_the_usual_one(admin, bob):
    usual = data(admin.get("/user"))["list"]
    assert data(admin.get("/user", {"ordering": ""}))["list"] == usual
    assert data(admin.get("/notifications", {"ordering": "body"}))["list"] == []  # has none at all


@pytest.mark.parametrize("query", [{"status": "x"}, {"page": "x"}, {"size": 101}, {"page": 0}])
def test_bad_queries_are_400(admin, query):
    assert refusal(admin.get("/user", query)) == (400, 10400)


def test_a_page_past_the_end_is_empty(admin):
    assert data(admin.get("/user", {"page": 99}))["list"] == []


CALLS = [
    ("get", "/user"), ("get", "/user/{pk}"), ("post", "/user/{pk}/disable"),
    ("post", "/user/{pk}/enable"), ("post", "/user/{pk}/roles"), ("get", "/role"),
    ("delete", "/user/{pk}/roles/admin"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("role", [None, "counselor", "content_manager", "customer_service"])
def test_without_the_permission_it_is_403_and_without_a_login_401(bob, staff, role, method, path):
    caller = Api(staff(role) if role else UserFactory())
    changes = StatusChange.objects.count()

    body = {"role": "super_admin"}
    assert refusal(getattr(caller, method)(path.format(pk=bob.pk), body)) == (403, 10403)
    assert refusal(getattr(Api(), method)(path.format(pk=bob.pk), body)) == (401, 10401)

    bob.refresh_from_db()
    assert (bob.status, bob.groups.count()) == ("active", 0)
    assert StatusChange.objects.count() == changes


def test_disabling_ends_every_login_and_is_on_record(
    admin, bob, django_capture_on_commit_callbacks
):
    phone = Api(bob)
    assert phone.get("/users/profile").status_code == 200

    with django_capture_on_commit_callbacks(execute=True):
        body = data(admin.post(f"/user/{bob.pk}/disable", {"reason": "骚扰他人"}))

    assert body["status"] == "disabled"
    assert refusal(phone.get("/users/profile")) == (401, 10401)
    assert refusal(phone.post("/token/refresh", {"refresh": phone.refresh})) == (401, 11003)
    move = StatusChange.objects.get()
    assert (move.old, move.new, move.actor, move.reason) == (
        "active", "disabled", admin.user, "骚扰他人",
    )  # fmt: skip
    assert LoginSession.objects.filter(user=bob).get().revoked_reason == "disabled"


def test_enabling_lets_in_again_but_revives_no_login(admin, bob):
    phone = Api(bob)
    data(admin.post(f"/user/{bob.pk}/disable"))

    assert data(admin.post(f"/user/{bob.pk}/enable"))["status"] == "active"

    assert refusal(phone.post("/token/refresh", {"refresh": phone.refresh})) == (401, 11003)
    bob.refresh_from_db()
    assert Api(bob).get("/users/profile").status_code == 200
    assert Notification.objects.get(user=bob).title == "账号已恢复使用"


def test_twice_is_a_conflict(admin, bob):
    data(admin.post(f"/user/{bob.pk}/disable"))
    assert refusal(admin.post(f"/user/{bob.pk}/disable")) == (409, 10409)
    data(admin.post(f"/user/{bob.pk}/enable"))
    assert refusal(admin.post(f"/user/{bob.pk}/enable")) == (409, 10409)
    assert StatusChange.objects.count() == 2


def test_nobody_disables_themselves(admin):
    assert refusal(admin.post(f"/user/{admin.user.pk}/disable")) == (403, 11017)
    assert StatusChange.objects.exists() is False


def test_an_admin_does_not_touch_a_super_admin(admin, staff):
    boss = staff("super_admin")
    staff("super_admin")  # so that it is not about the last one

    for path in ("disable", "enable"):
        assert refusal(admin.post(f"/user/{boss.pk}/{path}")) == (403, 11020)
    assert refusal(admin.delete(f"/user/{boss.pk}/roles/super_admin")) == (403, 11020)


def test_unknown_people_are_404(root):
    for method, path in CALLS:
        if "{pk}" in path:
            body = {"role": "admin"}
            response = getattr(root, method)(path.format(pk=999_999), body)
            assert refusal(response) == (404, 10404), path


def test_a_role_opens_and_closes_doors_at_once(root, bob, django_capture_on_commit_callbacks):
    phone = Api(bob)
    assert refusal(phone.get("/user")) == (403, 10403)

    with django_capture_on_commit_callbacks(execute=True):
        assert data(root.post(f"/user/{bob.pk}/roles", {"role": "admin"}))["roles"] == ["admin"]
    forget(phone)
    assert phone.get("/user").status_code == 200

    body = data(root.delete(f"/user/{bob.pk}/roles/admin"))
    assert (body["roles"], body["is_staff"]) == ([], False)
    forget(phone)
    assert refusal(phone.get("/user")) == (403, 10403)
    titles = Notification.objects.filter(user=bob).values_list("body", flat=True).order_by("pk")
    assert list(titles) == [
        "工作人员已授予您的角色“管理员”，变更立即生效。",
        "工作人员已移除您的角色“管理员”，变更立即生效。",
    ]


def forget(api):
    """What half a second does."""
    from accounts import tokens

    tokens._live.clear()


def test_an_unknown_role_is_422(root, bob):
    assert refusal(root.post(f"/user/{bob.pk}/roles", {"role": "emperor"})) == (422, 11022)
    assert refusal(root.delete(f"/user/{bob.pk}/roles/emperor")) == (422, 11022)


def test_roles_with_their_permissions_by_our_names(root, django_assert_num_queries, staff):
    root.get("/role")
    with django_assert_num_queries(3):  # count, page, parents
        page = data(root.get("/role"))

    by_code = {role["code"]: role for role in page["list"]}
    assert list(by_code) == [
        "super_admin", "admin", "content_manager", "counselor", "merchant", "finance",
        "customer_service",
    ]  # fmt: skip
    assert by_code["finance"] == {
        "id": by_code["finance"]["id"], "code": "finance", "name": "财务",
        "description": "订单、支付与退款", "parent": None, "data_scope": "all", "staff": True,
        "built_in": True,
        "permissions": [
            "data:view", "finance:books", "order:manage", "payment:offline", "refund:approve",
        ],
        "members": 0,
    }  # fmt: skip
    assert by_code["admin"]["parent"] == "content_manager"
    assert by_code["super_admin"]["members"] == 1


def test_everybody_sees_their_own_menu(admin, api):
    titles = {
        page["title"] for group in data(admin.get("/menu/mine")) for page in group["children"]
    }
    assert {"用户", "操作日志"} <= titles
    assert data(api.get("/menu/mine")) == []
    assert refusal(Api().get("/menu/mine")) == (401, 10401)
