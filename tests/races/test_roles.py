"""Roles under fire: somebody is always left who may do everything (invariants R-1, R-2)."""

import pytest
from django.contrib.auth.models import Group

from accounts.errors import CannotGrant, CannotManage, LastSuperAdmin
from accounts.models import Role, User
from accounts.services import roles
from accounts.services.roles import assign_role, remove_role, super_admins
from accounts.services.users import disable_user
from config.errors import IllegalTransition
from tests.factories.accounts import StaffFactory, UserFactory
from tests.helpers import meeting, together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROUNDS = pytest.mark.parametrize("turn", range(6))
REFUSED = (LastSuperAdmin, CannotManage, CannotGrant, IllegalTransition)


def active() -> int:
    return super_admins().filter(status="active").count()


def strange(outcomes) -> list:
    return [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, REFUSED)]


@ROUNDS
def test_R2_two_super_admins_who_demote_each_other_do_not_both_succeed(turn):
    pair = [StaffFactory("super_admin"), StaffFactory("super_admin")]

    outcomes = together(
        2,
        lambda i: remove_role(pair[1 - i].pk, "super_admin", actor=User.objects.get(pk=pair[i].pk)),
    )

    assert strange(outcomes) == []
    assert outcomes.count(None) == 1
    assert active() == 1


@ROUNDS
def test_R2_demoting_and_disabling_each_other(turn):
    group = [StaffFactory("super_admin") for _ in range(4)]

    def job(i):
        actor, other = User.objects.get(pk=group[i].pk), group[(i + 1) % 4].pk
        return (
            remove_role(other, "super_admin", actor=actor)
            if i % 2
            else disable_user(other, actor=actor)
        )

    outcomes = together(4, job)

    assert strange(outcomes) == []
    assert active() >= 1


@ROUNDS
def test_R2_by_the_system_too(turn):
    pair = [StaffFactory("super_admin"), StaffFactory("super_admin")]

    outcomes = together(2, lambda i: remove_role(pair[i].pk, "super_admin", actor=None))

    assert sorted(type(o).__name__ for o in outcomes) == ["LastSuperAdmin", "NoneType"]
    assert active() == 1


def test_R2_without_the_lock_nobody_is_left(monkeypatch):
    """The negative control: counting the others without queueing on the role's row."""
    both_counted = meeting(2)

    def careless(*, without):
        others = super_admins().filter(status="active").exclude(pk=without.pk)
        if not others.exists():
            raise LastSuperAdmin
        both_counted()

    def unlocked(user_id, code, actor):
        return User.objects.get(pk=user_id), Role.objects.select_related("group").get(code=code)

    monkeypatch.setattr(roles, "keep_a_super_admin", careless)
    monkeypatch.setattr(roles, "_locked", unlocked)
    User.objects.all().update(status="disabled")
    pair = [StaffFactory("super_admin"), StaffFactory("super_admin")]
    together(2, lambda i: remove_role(pair[i].pk, "super_admin", actor=None))
    assert active() == 0


@ROUNDS
def test_R1_who_is_being_demoted_hands_out_nothing_afterwards(turn):
    root, actor, friend = StaffFactory("super_admin"), StaffFactory("super_admin"), UserFactory()
    actor = User.objects.get(pk=actor.pk)
    jobs = [
        lambda: remove_role(actor.pk, "super_admin", actor=root),
        lambda: assign_role(friend.pk, "finance", actor=actor),
    ]

    demoted, granted = together(2, lambda i: jobs[i]())

    assert demoted is None
    assert granted is None or isinstance(granted, CannotGrant)
    with pytest.raises(CannotGrant):  # and certainly not later, with rights read long ago
        assign_role(friend.pk, "admin", actor=actor)


@ROUNDS
def test_one_role_assigned_by_many_is_assigned_once(turn):
    root, bob = StaffFactory("super_admin"), UserFactory()

    outcomes = together(12, lambda i: assign_role(bob.pk, "finance", actor=root))

    assert outcomes == [None] * 12
    assert Group.objects.filter(user=bob).count() == 1
    assert Role.objects.filter(group__user=bob).get().code == "finance"
