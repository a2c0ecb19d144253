"""Two who move roles, organisations or menu entries at once make no circle (invariants R-1)."""

import pytest

from accounts.errors import MenuMalformed, OrganisationMalformed, RoleUnknown
from accounts.models import Menu, Organisation, Role
from accounts.services import organisations
from accounts.services.menus import save_menu
from accounts.services.organisations import save_organisation
from accounts.services.role_editing import save_role
from tests.helpers import together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROUNDS = pytest.mark.parametrize("turn", range(6))


def circular(model) -> bool:
    above = dict(model.objects.values_list("pk", "parent_id"))
    for pk in above:
        walked, steps = above[pk], 0
        while walked is not None and steps <= len(above):
            walked, steps = above[walked], steps + 1
        if steps > len(above):
            return True
    return False


def role(code, parent=None):
    return save_role(code, name=code, permissions=[], parent=parent, actor=None)


def refusals(outcomes, kind) -> int:
    assert [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, kind)] == []
    return sum(isinstance(outcome, kind) for outcome in outcomes)


@ROUNDS
def test_R1_roles(turn):
    role("one"), role("two")

    outcomes = together(2, lambda i: role(*(("one", "two") if i else ("two", "one"))))

    assert refusals(outcomes, RoleUnknown) == 1
    assert not circular(Role)


@ROUNDS
def test_R1_organisations(turn):
    one, two = (save_organisation(None, name=n, parent_id=None, actor=None) for n in ("一", "二"))

    def move(i):
        which, below = (one, two) if i else (two, one)
        save_organisation(which.pk, name=which.name, parent_id=below.pk, actor=None)

    assert refusals(together(2, move), OrganisationMalformed) == 1
    assert not circular(Organisation)


@ROUNDS
def test_menu_entries(turn):
    one, two = (Menu.objects.create(title=title, kind="directory") for title in ("一", "二"))

    def move(i):
        which, below = (one, two) if i else (two, one)
        entry = Menu.objects.get(pk=which.pk)
        entry.parent_id = below.pk
        save_menu(entry)

    assert refusals(together(2, move), MenuMalformed) == 1
    assert not circular(Menu)


def test_without_the_lock_a_circle_comes_of_it(monkeypatch):
    """The negative control: both see the tree as it was before either moved."""
    one, two = (save_organisation(None, name=n, parent_id=None, actor=None) for n in ("一", "二"))
    before = {one.pk: None, two.pk: None}
    monkeypatch.setattr(organisations, "_lock_tree", lambda: before)

    save_organisation(one.pk, name="一", parent_id=two.pk, actor=None)
    save_organisation(two.pk, name="二", parent_id=one.pk, actor=None)

    assert circular(Organisation)
