"""Who may hand out what (invariants R-1, R-2, R-3)."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from accounts.errors import (
    CannotChangeSelf,
    CannotGrant,
    CannotManage,
    LastSuperAdmin,
    RoleInUse,
    RoleNameTaken,
    RoleUnknown,
)
from accounts.models import Role, User
from accounts.rbac import PERMISSIONS, ROLES
from accounts.services.role_editing import delete_role, save_role
from accounts.services.role_sync import sync_roles
from accounts.services.roles import assign_role, remove_role
from accounts.services.users import disable_user
from tests.factories.accounts import UserFactory


def codes(user) -> set[str]:
    return set(Role.objects.filter(group__user=user).values_list("code", flat=True))


def fresh(user) -> User:
    return User.objects.get(pk=user.pk)


@pytest.fixture
def root(staff):
    return staff("super_admin")


@pytest.fixture
def bob(db):
    return UserFactory()


def test_after_migrate_groups_match_the_literals(db):
    assert dict(Role.objects.values_list("code", "group__name")) == {
        code: spec.name for code, spec in ROLES.items()
    }
    everything = Role.objects.get(code="super_admin").group.permissions.count()
    assert everything == Permission.objects.count()
    assert Role.objects.get(code="finance").permission_names == sorted(ROLES["finance"].permissions)


def test_each_of_our_names_stands_for_permissions_that_exist(db):
    known = {
        f"{p.content_type.app_label}.{p.codename}"
        for p in Permission.objects.select_related("content_type")
    }
    missing = {
        name: [full for full in fulls if "*" not in full and full not in known]
        for name, fulls in PERMISSIONS.items()
    }
    assert {name: fulls for name, fulls in missing.items() if fulls} == {}


def test_a_child_has_its_parents_permissions(staff):
    admin, editor = staff("admin"), staff("content_manager")
    assert editor.get_all_permissions() < admin.get_all_permissions()
    assert admin.has_perm("content.change_category")


def test_sync_repairs_what_was_changed_by_hand_and_changes_nothing_else(staff):
    money = staff("finance")
    group = Group.objects.get(role__code="finance")
    group.permissions.clear()
    Role.objects.filter(code="finance").update(permission_names=[], parent=None, staff=False)

    call_command("sync_roles", verbosity=0)

    assert fresh(money).has_perm("commerce.approve_refund")
    version = fresh(money).permission_version
    sync_roles()
    assert fresh(money).permission_version == version


def test_R3_a_change_is_seen_with_the_next_look_at_the_row(root, bob):
    assert bob.has_perm("accounts.view_user") is False

    assign_role(bob.pk, "admin", actor=root)
    assert fresh(bob).has_perm("accounts.view_user") is True
    assert fresh(bob).is_staff is True
    remove_role(bob.pk, "admin", actor=root)

    assert fresh(bob).has_perm("accounts.view_user") is False
    assert fresh(bob).is_staff is False


def test_a_counselor_does_not_enter_the_back_office(bob):
    assign_role(bob.pk, "counselor", actor=None)
    assert (fresh(bob).is_staff, codes(bob)) == (False, {"counselor"})


def test_assigning_twice_is_harmless(root, bob):
    for _ in range(2):
        assign_role(bob.pk, "finance", actor=root)
    assert codes(bob) == {"finance"}
    for _ in range(2):
        remove_role(bob.pk, "finance", actor=root)
    assert codes(bob) == set()


@pytest.mark.parametrize("code", ROLES)
def test_R1_nobody_gives_themselves_a_role(staff, code):
    for role in ("super_admin", "admin", "finance"):
        actor = staff(role)
        staff("super_admin")
        with pytest.raises(CannotChangeSelf):
            assign_role(actor.pk, code, actor=actor)
        with pytest.raises(CannotChangeSelf):
            remove_role(actor.pk, role, actor=actor)
        assert codes(actor) == {role}


@pytest.mark.parametrize("role", [code for code in ROLES if code != "super_admin"])
def test_R1_nobody_gives_or_takes_more_than_they_hold(staff, bob, role):
    """Every pair: what is granted is a part of what the granter holds."""
    actor = staff(role)
    for code in ROLES:
        holder = staff(code)
        theirs = {
            f"{p.content_type.app_label}.{p.codename}"
            for p in Permission.objects.filter(group__role__code=code)
        }
        if theirs <= actor.get_all_permissions():
            assign_role(bob.pk, code, actor=actor)
            remove_role(bob.pk, code, actor=actor)
            continue
        version = fresh(bob).permission_version
        with pytest.raises(CannotGrant):
            assign_role(bob.pk, code, actor=actor)
        with pytest.raises((CannotGrant, CannotManage)):
            remove_role(holder.pk, code, actor=actor)
        assert (codes(bob), codes(holder)) == (set(), {code})
        assert fresh(bob).permission_version == version


def test_R1_rights_count_as_they_are_now_not_as_they_were_read(root, bob):
    """The twin of a race: the actor was demoted after their request had begun."""
    actor = UserFactory()
    assign_role(actor.pk, "super_admin", actor=None)
    actor = fresh(actor)
    assert actor.has_perm("accounts.assign_role")
    remove_role(actor.pk, "super_admin", actor=root)

    with pytest.raises(CannotGrant):
        assign_role(bob.pk, "admin", actor=actor)


def test_R2_the_last_super_admin_stays(root):
    with pytest.raises(LastSuperAdmin):
        remove_role(root.pk, "super_admin", actor=None)
    with pytest.raises(LastSuperAdmin):
        disable_user(root.pk, actor=None)

    assert codes(root) == {"super_admin"}
    assert fresh(root).status == "active"


def test_R2_a_disabled_one_does_not_count(root, staff):
    second = staff("super_admin")
    disable_user(second.pk, actor=root)

    with pytest.raises(LastSuperAdmin):
        remove_role(root.pk, "super_admin", actor=None)


def test_R2_one_made_on_the_command_line_counts(root):
    User.objects.create_superuser("Rescue", "long-enough-password")
    rescue = User.objects.get(username="rescue")

    remove_role(root.pk, "super_admin", actor=rescue)

    assert rescue.get_all_permissions() >= {"accounts.assign_role"}
    with pytest.raises(LastSuperAdmin):
        disable_user(rescue.pk, actor=None)


# -- roles of staff's own


def make(actor, code="helper", **more):
    fields = {"name": "助理", "permissions": ["user:manage"]} | more
    return save_role(code, actor=actor, **fields)


def test_a_role_of_our_own_gives_what_it_names_and_what_its_parent_has(root, bob):
    make(root, parent="content_manager", permissions=["order:manage"])
    assign_role(bob.pk, "helper", actor=root)

    bob = fresh(bob)
    assert bob.is_staff
    assert bob.has_perms(["commerce.view_order", "content.change_category"])
    assert not bob.has_perm("accounts.view_user")


def test_changing_a_role_is_live_for_its_members_and_its_children(root, bob):
    make(root)
    make(root, code="junior", name="实习", permissions=[], parent="helper")
    assign_role(bob.pk, "junior", actor=root)
    assert fresh(bob).has_perm("accounts.view_user")

    make(root, permissions=["order:manage"], staff=False)

    assert not fresh(bob).has_perm("accounts.view_user")
    assert fresh(bob).has_perm("commerce.view_order")


@pytest.mark.parametrize(
    "wish",
    [
        {"permissions": ["refund:approve"]},
        {"permissions": [], "parent": "finance"},
        {"permissions": [], "parent": "super_admin"},
    ],
)
def test_R1_nobody_makes_a_role_that_can_do_more_than_they_can(staff, wish):
    with pytest.raises(CannotGrant):
        make(staff("admin"), **wish)
    assert not Role.objects.filter(code="helper").exists()
    assert not Group.objects.filter(name="助理").exists()


def test_R1_nor_lifts_an_existing_one_or_touches_a_stronger_one(root, staff):
    admin = staff("admin")
    make(root)
    with pytest.raises(CannotGrant):
        make(admin, permissions=["user:manage", "refund:approve"])
    make(root, code="strong", name="强", permissions=["refund:approve"])
    with pytest.raises(CannotGrant):
        make(admin, code="strong", name="弱", permissions=[])
    with pytest.raises(CannotGrant):
        delete_role(Role.objects.get(code="strong").pk, actor=admin)

    assert Role.objects.get(code="helper").permission_names == ["user:manage"]
    assert Role.objects.get(code="strong").group.name == "强"


@pytest.mark.parametrize(
    "wish",
    [
        {"code": "admin"},
        {"permissions": ["world:rule"]},
        {"parent": "nobody"},
        {"code": "helper", "parent": "helper"},
        {"code": "helper", "parent": "junior"},
    ],
)
def test_built_in_roles_unknown_names_and_circles_are_refused(root, wish):
    make(root)
    make(root, code="junior", name="实习", permissions=[], parent="helper")
    with pytest.raises(RoleUnknown):
        make(root, **wish)


def test_a_taken_name_is_refused(root):
    with pytest.raises(RoleNameTaken):
        make(root, name="财务")


def test_deleting_is_for_roles_nobody_needs(root, bob):
    role = make(root)
    make(root, code="junior", name="实习", permissions=[], parent="helper")
    with pytest.raises(RoleInUse):
        delete_role(role.pk, actor=root)
    delete_role(Role.objects.get(code="junior").pk, actor=root)
    assign_role(bob.pk, "helper", actor=root)
    with pytest.raises(RoleInUse):
        delete_role(role.pk, actor=root)
    remove_role(bob.pk, "helper", actor=root)
    with pytest.raises(RoleInUse):
        delete_role(Role.objects.get(code="admin").pk, actor=root)

    delete_role(role.pk, actor=root)

    assert not Role.objects.filter(code="helper").exists()
    assert not Group.objects.filter(name="助理").exists()
