"""/role for staff: read, made, changed and deleted; nobody reaches above themselves (R-1)."""

import pytest

from accounts.models import OperationLog, Role, User
from accounts.rbac import LABELS
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role
from tests.accounts.powers import World, powers
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
HELPER = {"code": "helper", "name": "助理", "permissions": ["user:manage"]}


@pytest.fixture
def root(staff):
    return Api(staff("super_admin"))


@pytest.fixture
def world():
    return World()


@pytest.fixture
def night():
    return save_role(
        "night", name="夜班", permissions=["order:manage", "data:view"], description="值夜班",
        parent="content_manager", data_scope="organisation", actor=None,
    )  # fmt: skip


def test_a_role_is_made_read_changed_and_deleted(root):
    made = data(root.post("/role", HELPER), 201)
    role = Role.objects.get(code="helper")
    assert made == {
        "id": role.pk, "code": "helper", "name": "助理", "description": "", "parent": None,
        "data_scope": "own", "staff": True, "built_in": False, "permissions": ["user:manage"],
        "members": 0,
    }  # fmt: skip
    assert role.group.permissions.filter(codename="disable_user").exists()
    assert data(root.get(f"/role/{role.pk}")) == made

    wish = {
        "name": "助手", "permissions": ["order:manage", "data:view"], "description": "协助",
        "parent": "content_manager", "data_scope": "all", "staff": False,
    }  # fmt: skip
    changed = data(root.put(f"/role/{role.pk}", wish))
    assert changed == made | wish | {"permissions": ["data:view", "order:manage"]}
    assert not role.group.permissions.filter(codename="disable_user").exists()
    assert role.group.permissions.filter(codename="change_category").exists()

    assert data(root.delete(f"/role/{role.pk}")) == {}
    assert refusal(root.get(f"/role/{role.pk}")) == (404, 10404)


@pytest.mark.parametrize(
    "change",
    [{"name": "晚班"}, {"description": ""}, {"parent": None}, {"parent": "finance"},
     {"permissions": []}, {"data_scope": "all"}, {"staff": False}],
    ids=str,
)  # fmt: skip
def test_a_patch_changes_what_it_names_and_nothing_else(root, night, change):
    before = data(root.get(f"/role/{night.pk}"))

    assert data(root.patch(f"/role/{night.pk}", change)) == before | change
    assert data(root.get(f"/role/{night.pk}")) == before | change


def test_put_needs_name_and_permissions_and_keeps_what_it_leaves_out(root, night):
    before = data(root.get(f"/role/{night.pk}"))
    response = root.put(f"/role/{night.pk}", {"description": "x"})
    assert refusal(response) == (400, 10400)
    assert set(response.json()["data"]) == {"name", "permissions"}

    body = {"name": "晚班", "permissions": []}
    assert data(root.put(f"/role/{night.pk}", body)) == before | body


def test_the_code_stays_and_nobody_makes_a_role_built_in(root, night):
    before = data(root.get(f"/role/{night.pk}"))
    body = {"code": "other", "built_in": True, "id": 1, "members": 5, "group": 1}

    assert data(root.patch(f"/role/{night.pk}", body)) == before


def test_the_list_is_searched_filtered_and_ordered(root, night):
    assign_role(UserFactory().pk, "night", actor=None)

    def codes(**query):
        return [role["code"] for role in data(root.get("/role", query))["list"]]

    assert codes(search="夜") == codes(search="nig") == codes(code="night") == ["night"]
    assert codes(built_in="false") == codes(data_scope="organisation") == ["night"]
    assert codes(staff="false") == ["counselor", "merchant"]
    assert codes(search="没有") == []
    assert codes(ordering="code")[:2] == ["admin", "content_manager"]
    assert set(codes(ordering="-members")[:2]) == {"night", "super_admin"}
    assert data(root.get(f"/role/{night.pk}"))["members"] == 1


def test_the_permissions_say_which_of_them_one_may_give(root, staff):
    every = data(root.get("/role/permissions"))
    assert {row["name"]: row["label"] for row in every} == LABELS
    assert {row["grantable"] for row in every} == {True}

    admin = {
        row["name"] for row in data(Api(staff("admin")).get("/role/permissions"))
        if not row["grantable"]
    }  # fmt: skip
    assert admin == {
        "permission:manage", "data:unmask", "finance:books", "payment:offline", "system:config",
        "refund:approve", "practice:own", "notes:supervise", "notes:approve",
    }  # fmt: skip


def test_a_change_is_felt_by_who_holds_the_role(root, night):
    bob = UserFactory()
    assign_role(bob.pk, "night", actor=None)
    assert refusal(Api(User.objects.get(pk=bob.pk)).get("/user")) == (403, 10403)

    data(root.patch(f"/role/{night.pk}", {"permissions": ["user:manage"]}))

    assert data(Api(User.objects.get(pk=bob.pk)).get("/user"))["list"] != []


@pytest.mark.django_db(transaction=True)  # changes are noted when they commit
def test_the_log_says_what_changed(root, night):
    data(root.patch(f"/role/{night.pk}", {"permissions": ["data:view"], "staff": True}))

    row = OperationLog.objects.get()
    assert (row.operation, row.target_type, row.target_id) == ("role:update", "role", str(night.pk))
    fields = {"permissions": [["data:view", "order:manage"], ["data:view"]]}
    assert row.changes == [{"object": f"accounts.role#{night.pk}", "fields": fields}]


def test_a_write_asks_for_a_proof_of_who_one_is(staff, night):
    root, before = Api(staff("super_admin"), stepped_up=False), powers()
    for response in (
        root.post("/role", HELPER),
        root.put(f"/role/{night.pk}", HELPER),
        root.patch(f"/role/{night.pk}", {"name": "x"}),
        root.delete(f"/role/{night.pk}"),
    ):
        assert refusal(response) == (403, 11100)
    assert powers() == before


def new(**fields):
    return lambda w, who: w.api(who).post("/role", HELPER | {"permissions": []} | fields)


def patch(code, **fields):
    return lambda w, who: w.api(who).patch(f"/role/{w.pk(code)}", fields)


def delete(code):
    return lambda w, who: w.api(who).delete(f"/role/{w.pk(code)}")


REFUSED = {
    # above oneself
    "made with what one does not hold": ("admin", new(permissions=["refund:approve"]), 403, 11015),
    "made below a stronger one": ("admin", new(parent="finance"), 403, 11015),
    "made below the super admin": ("admin", new(parent="super_admin"), 403, 11015),
    "made to reach further": (
        "lead", new(permissions=["order:manage"], data_scope="all"), 403, 11015,
    ),
    "given what one does not hold": (
        "admin", patch("weak", permissions=["refund:approve"]), 403, 11015,
    ),
    "widened": ("lead", patch("weak", data_scope="all"), 403, 11015),
    "moved below a stronger one": ("admin", patch("weak", parent="strong"), 403, 11015),
    "a stronger one weakened": ("admin", patch("strong", permissions=[]), 403, 11015),
    "a stronger one renamed": ("admin", patch("strong", name="x"), 403, 11015),
    "a stronger one deleted": ("admin", delete("strong"), 403, 11015),
    "a wider one narrowed": ("lead", patch("wide", data_scope="own"), 403, 11015),
    "a wider one deleted": ("lead", delete("wide"), 403, 11015),
    "one's own changed": ("lead", patch("mine", permissions=[]), 403, 11017),
    "the parent of one's own changed": ("lead", patch("base", permissions=[]), 403, 11017),
    "without the permission, made": ("editor", new(), 403, 10403),
    "without the permission, changed": ("editor", patch("weak", name="x"), 403, 10403),
    "without the permission, deleted": ("editor", delete("weak"), 403, 10403),
    # what is not possible for anybody
    "made by the code of another": ("root", new(code="weak"), 409, 11023),
    "made by the code of a built-in one": ("root", new(code="finance"), 409, 11023),
    "made by the name of another": ("root", new(name="strong"), 409, 11023),
    "renamed to another": ("root", patch("weak", name="strong"), 409, 11023),
    "an unknown permission": ("root", new(permissions=["world:rule"]), 422, 11022),
    "one of Django's permissions": ("root", new(permissions=["accounts.view_user"]), 422, 11022),
    "an unknown parent": ("root", patch("weak", parent="emperor"), 422, 11022),
    "below itself": ("root", patch("weak", parent="weak"), 422, 11022),
    "a circle": ("root", patch("base", parent="mine"), 422, 11022),
    "a built-in one changed": ("root", patch("finance", permissions=[]), 422, 11022),
    "a built-in one deleted": ("root", delete("finance"), 409, 11024),
    "deleted while somebody holds it": ("root", delete("mine"), 409, 11024),
    "deleted while another inherits from it": ("root", delete("base"), 409, 11024),
    "one that does not exist, changed": (
        "root", lambda w, who: w.api(who).patch("/role/999999", {"name": "x"}), 404, 10404,
    ),
    "one that does not exist, deleted": (
        "root", lambda w, who: w.api(who).delete("/role/999999"), 404, 10404,
    ),
    # what is no role at all
    "a code with capitals": ("root", new(code="Helper"), 400, 10400),
    "a code of figures": ("root", new(code="12"), 400, 10400),
    "no name": ("root", new(name=""), 400, 10400),
    "a scope nobody knows": ("root", patch("weak", data_scope="world"), 400, 10400),
    "permissions that are no list": ("root", patch("weak", permissions="user:manage"), 400, 10400),
}  # fmt: skip


@pytest.mark.parametrize("way", REFUSED)
def test_R1_it_is_refused_and_nothing_is_written(world, way):
    who, write, status, code = REFUSED[way]
    before = powers()

    assert refusal(write(world, who)) == (status, code)

    assert powers() == before
    assert list(OperationLog.objects.values_list("status", "changes")) == [("failed", [])]


def test_more_than_five_levels_are_refused(world):
    for above, below in (("", "l1"), ("l1", "l2"), ("l2", "l3"), ("l3", "l4"), ("l4", "l5")):
        world.role(below, [], parent=above or None)
    before = powers()

    assert refusal(new(parent="l5")(world, "root")) == (422, 11200)
    assert refusal(patch("l1", parent="base")(world, "root")) == (422, 11200)
    assert powers() == before


def test_what_one_holds_one_may_give_as_far_as_it_reaches(world):
    made = data(new(permissions=["order:manage"], data_scope="organisation")(world, "lead"), 201)
    assert (made["permissions"], made["data_scope"]) == (["order:manage"], "organisation")
    assert data(patch("weak", name="弱")(world, "lead"))["name"] == "弱"
    assert data(delete("weak")(world, "lead")) == {}
