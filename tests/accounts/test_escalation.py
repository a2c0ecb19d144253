"""R-1: nobody lifts themselves or anybody above what they hold, by whatever way in.

Each way leaves everybody's powers as they were and exactly one row in the operation log (A-1).
"""

import pytest

from accounts.models import Menu, OperationLog, Role, User
from tests.accounts.powers import World, powers
from tests.helpers import Api

pytestmark = pytest.mark.django_db
PRIVILEGES = {
    "is_staff": True, "is_superuser": True, "groups": [1, 2, 3], "user_permissions": [1, 2, 3],
    "role": "super_admin", "roles": ["super_admin"], "permissions": ["refund:approve"],
    "permission_version": 99, "token_version": 99, "status": "active", "organisation": 1,
    "organisation_id": 1, "data_scope": "all", "actor": 1, "user_id": 1,
}  # fmt: skip
FORM = {name: str(value) for name, value in PRIVILEGES.items()}


@pytest.fixture
def world():
    return World()


REFUSED = {
    # the API
    "a role for oneself": lambda w: w.api("admin").post(
        f"/user/{w.admin.pk}/roles", {"role": "finance"}
    ),
    "super admin for oneself": lambda w: w.api("admin").post(
        f"/user/{w.admin.pk}/roles", {"role": "super_admin"}
    ),
    "even a super admin a role for themselves": lambda w: w.api("root").post(
        f"/user/{w.root.pk}/roles", {"role": "finance"}
    ),
    "super admin for a friend": lambda w: w.api("admin").post(
        f"/user/{w.bob.pk}/roles", {"role": "super_admin"}
    ),
    "what one does not hold for a friend": lambda w: w.api("admin").post(
        f"/user/{w.bob.pk}/roles", {"role": "finance"}
    ),
    "without the permission": lambda w: w.api("editor").post(
        f"/user/{w.bob.pk}/roles", {"role": "content_manager"}
    ),
    "a role that does not exist": lambda w: w.api("admin").post(
        f"/user/{w.bob.pk}/roles", {"role": "root"}
    ),
    "the super admin's role taken": lambda w: w.api("admin").delete(
        f"/user/{w.root.pk}/roles/super_admin"
    ),
    "the super admin disabled": lambda w: w.api("admin").post(f"/user/{w.root.pk}/disable"),
    "the super admin unlocked": lambda w: w.api("admin").post(f"/user/{w.root.pk}/unlock"),
    "a role that reaches further": lambda w: w.api("lead").post(
        f"/user/{w.mate.pk}/roles", {"role": "wide"}
    ),
    "a role for somebody out of reach": lambda w: w.api("lead").post(
        f"/user/{w.foreigner.pk}/roles", {"role": "weak"}
    ),
    "a role for a client": lambda w: w.api("lead").post(
        f"/user/{w.client.pk}/roles", {"role": "weak"}
    ),
    "somebody out of reach disabled": lambda w: w.api("lead").post(
        f"/user/{w.foreigner.pk}/disable"
    ),
    # the user's pages
    "oneself by the change form": lambda w: w.post(
        "admin", f"accounts/user/{w.admin.pk}/change/", FORM
    ),
    "a friend by the change form": lambda w: w.post(
        "admin", f"accounts/user/{w.bob.pk}/change/", FORM
    ),
    "a super admin's own change form": lambda w: w.post(
        "root", f"accounts/user/{w.root.pk}/change/", FORM
    ),
    "the list as a form": lambda w: w.post(
        "admin", "accounts/user/",
        {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": w.bob.pk,
         "form-0-is_staff": "on", "form-0-is_superuser": "on", "_save": "1"},
    ),
    "an import": lambda w: w.post("admin", "accounts/user/import/", FORM),
    "the password form of Django": lambda w: w.post(
        "admin", f"accounts/user/{w.root.pk}/password/", {"password1": "x", "password2": "x"}
    ),
    "a user deleted": lambda w: w.post(
        "admin", f"accounts/user/{w.root.pk}/delete/", {"post": "yes"}
    ),
    # its actions
    "an action for a friend": lambda w: w.act(
        "admin", "accounts/user", "give_role", w.bob, role="super_admin"
    ),
    "an action for oneself": lambda w: w.act(
        "admin", "accounts/user", "give_role", w.admin, role="content_manager"
    ),
    "an action for everybody at once": lambda w: w.act(
        "admin", "accounts/user", "give_role", w.bob, role="finance", index="0", select_across="1"
    ),
    "an action that takes from above": lambda w: w.act(
        "admin", "accounts/user", "take_role", w.root, role="super_admin"
    ),
    "an action that disables above": lambda w: w.act("admin", "accounts/user", "disable", w.root),
    "an action nobody offers": lambda w: w.act("admin", "accounts/user", "make_superuser", w.bob),
    "an action without the permission": lambda w: w.act(
        "editor", "accounts/user", "give_role", w.bob, role="content_manager"
    ),
    "an action out of reach": lambda w: w.act(
        "lead", "accounts/user", "give_role", w.foreigner, role="weak"
    ),
    # roles
    "a new role with what one does not hold": lambda w: w.save(
        "admin", "fresh", permissions=["refund:approve"]
    ),
    "a new role below a stronger one": lambda w: w.save("admin", "fresh", parent=w.pk("finance")),
    "a new role below the super admin": lambda w: w.save(
        "admin", "fresh", parent=w.pk("super_admin")
    ),
    "a new role by the code of a built-in one": lambda w: w.save("admin", "super_admin"),
    "a new role with a name nobody knows": lambda w: w.save(
        "admin", "fresh", permissions=["world:rule"]
    ),
    "a new role that reaches further": lambda w: w.save("lead", "fresh", data_scope="all"),
    "a role lifted": lambda w: w.save(
        "admin", "weak", "weak", permissions=["order:manage", "refund:approve"]
    ),
    "a role widened": lambda w: w.save("lead", "weak", "weak", data_scope="all"),
    "a role moved under a stronger one": lambda w: w.save(
        "admin", "weak", "weak", parent=w.pk("strong")
    ),
    "a stronger role weakened": lambda w: w.save("admin", "strong", "strong"),
    "one's own role changed": lambda w: w.save(
        "lead", "mine", "mine", permissions=["user:manage", "role:manage"]
    ),
    "the parent of one's own role changed": lambda w: w.save(
        "lead", "base", "base", permissions=["order:manage", "user:manage"]
    ),
    "a circle of roles": lambda w: w.save("root", "base", "base", parent=w.pk("mine")),
    "a built-in role changed": lambda w: w.save("root", "finance", "finance"),
    "a built-in role deleted": lambda w: w.post(
        "root", f"accounts/role/{w.pk('finance')}/delete/", {"post": "yes"}
    ),
    "a stronger role deleted": lambda w: w.post(
        "admin", f"accounts/role/{w.pk('strong')}/delete/", {"post": "yes"}
    ),
    "roles deleted by an action": lambda w: w.act(
        "root", "accounts/role", "delete_selected", Role.objects.get(code="weak"), post="yes"
    ),
    # Django's own pages, menus, parameters
    "a group of Django's": lambda w: w.post("root", "auth/group/add/", {"name": "x"}),
    "a permission of Django's": lambda w: w.post("root", "auth/permission/add/", {"name": "x"}),
    "a user of Django's": lambda w: w.post("root", "auth/user/add/", FORM),
    "a menu that asks for less": lambda w: w.post(
        "admin", f"accounts/menu/{Menu.objects.first().pk}/change/", {"permission": ""}
    ),
    "a menu of one's own": lambda w: w.post(
        "admin", "accounts/menu/add/", {"title": "x", "link": "/admin/"}
    ),
    "a menu for a permission nobody knows": lambda w: w.post(
        "root", "accounts/menu/add/",
        {"title": "x", "kind": "page", "link": "/x", "permission": "world.rule", "sort_order": 1},
    ),
    "the parameters": lambda w: w.post("admin", "constance/config/", {"SMS_DAY_BUDGET": 1}),
    # organisations
    "one's own organisation at the top": lambda w: w.organise("lead", None, "顶", None),
    "one's own moved below another": lambda w: w.organise("lead", w.north, "北区", w.south),
    "another below one's own": lambda w: w.organise("lead", w.south, "南区", w.north),
    "another renamed": lambda w: w.organise("lead", w.south, "改名", None),
    "a circle of organisations": lambda w: w.organise("root", w.north, "北区", w.north),
    "another deleted": lambda w: w.post(
        "lead", f"accounts/organisation/{w.south.pk}/delete/", {"post": "yes"}
    ),
    "oneself elsewhere": lambda w: w.act(
        "lead", "accounts/user", "place", w.lead, organisation=str(w.south.pk)
    ),
    "a foreigner to one's own": lambda w: w.act(
        "lead", "accounts/user", "place", w.foreigner, organisation=str(w.north.pk)
    ),
    "a client to one's own": lambda w: w.act(
        "lead", "accounts/user", "place", w.client, organisation=str(w.north.pk)
    ),
    "a colleague elsewhere": lambda w: w.act(
        "lead", "accounts/user", "place", w.mate, organisation=str(w.south.pk)
    ),
    "a colleague out of sight": lambda w: w.act(
        "lead", "accounts/user", "place", w.mate, organisation="none"
    ),
    # somebody else's rows inside a form of one's own
    "a counselor out of a foreigner": lambda w: w.post(
        "lead", "counseling/counselor/add/", {"user": w.foreigner.pk, "name": "x"}
    ),
    "a service of another counselor": lambda w: w.post(
        "lead", "counseling/service/add/",
        {"counselor": w.theirs.counselor_id, "kind": "family", "mode": "video", "minutes": 50,
         "price": "1"},
    ),
}  # fmt: skip

# Fields nobody asked for: the rest of the request counts, they do not.
IGNORED = {
    "one's own profile": lambda w: w.api("admin").put("/users/profile", PRIVILEGES),
    "one's own profile, patched": lambda w: w.api("admin").patch("/users/profile", PRIVILEGES),
    "the reason of disabling": lambda w: w.api("root").post(
        f"/user/{w.mate.pk}/unlock", PRIVILEGES
    ),
    "a new user": lambda w: w.post(
        "admin", "accounts/user/add/",
        FORM | {"username": "fresh", "nickname": "x", "password": "Bu-Rong-Yi-88-x"},
    ),
    "a role's other columns": lambda w: w.save(
        "admin", "weak", "weak", built_in="on", group="1", permission_names='["user:manage"]',
        id="1",
    ),
    "a foreign row in an inline": lambda w: w.post(
        "lead", f"counseling/counselor/{w.mine.pk}/change/",
        {"name": w.mine.name, "services-TOTAL_FORMS": 1, "services-INITIAL_FORMS": 1,
         "services-0-id": w.theirs.pk, "services-0-counselor": w.mine.pk,
         "services-0-price": "0.01", "services-0-kind": "individual", "services-0-mode": "video",
         "services-0-minutes": 50, "weekly_templates-TOTAL_FORMS": 0,
         "weekly_templates-INITIAL_FORMS": 0, "locations-TOTAL_FORMS": 0,
         "locations-INITIAL_FORMS": 0, "practice_years": 0, "practice_hours": 0,
         "supervision_hours": 0, "max_per_day": 0, "max_per_week": 0,
         "min_notice_minutes": 60},
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", REFUSED)
def test_R1_it_is_refused_and_leaves_one_row(world, way):
    before, services = powers(), list(type(world.theirs).objects.order_by("pk").values())

    response = REFUSED[way](world)

    assert response.status_code < 500
    assert powers() == before
    assert list(type(world.theirs).objects.order_by("pk").values()) == services
    assert list(OperationLog.objects.values_list("status", flat=True)) == ["failed"]


@pytest.mark.parametrize("way", IGNORED)
def test_R1_fields_that_give_power_are_not_heard(world, way):
    before, services = powers(), list(type(world.theirs).objects.order_by("pk").values())

    response = IGNORED[way](world)

    after = powers()
    assert response.status_code < 500
    new = after["people"].keys() - before["people"].keys()
    for pk in new:
        assert after["people"].pop(pk) == (False, False, "active", None, [], 0)
    assert after == before
    assert list(type(world.theirs).objects.order_by("pk").values()) == services
    assert list(OperationLog.objects.values_list("status", flat=True)) == ["success"]


@pytest.mark.parametrize("field", ["groups", "user_permissions"])
def test_R1_autocomplete_lists_no_groups_and_permissions(world, field):
    query = {"app_label": "accounts", "model_name": "user", "field_name": field, "term": ""}
    for who in ("admin", "root"):
        assert world.office(who).get("/admin/autocomplete/", query).status_code in {403, 404}


def test_R1_registering_gives_nothing(world):
    body = PRIVILEGES | {"username": "newcomer", "password": "Bu-Rong-Yi-88"}
    before = powers()["roles"]

    assert Api().post("/register", body).status_code == 201

    new = User.objects.get(username="newcomer")
    assert (new.is_staff, new.is_superuser, new.groups.count()) == (False, False, 0)
    assert (new.organisation_id, new.permission_version) == (None, 1)
    assert powers()["roles"] == before
