"""P-4: no list, detail or page shows a number, address or paper in full, whoever looks.

Every GET of the API and every page of the back office, as everybody there is.
"""

import re

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import User
from counseling.models import ClientProfile
from tests.contract.matrix.check import call
from tests.contract.matrix.table import TABLE
from tests.contract.matrix.world import ACTORS, STAFF
from tests.contract.test_authorization import ROUTES
from tests.contract.test_office_authorization import PAGES, REGISTERED, browser, pages_of

PERSONAL = {
    "phone": re.compile(r"(?<![0-9A-Za-z])(?:\+?86)?1[3-9][0-9]{9}(?![0-9A-Za-z])"),
    "paper": re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])"),
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
}
# Whoever owns it sees it there: {route: whose}.
OWN = {
    "GET /users/profile": ACTORS,
    "GET /user/profile": ACTORS,
    "GET /client-profile/<pk>": ("owner",),
    "GET /addresses/<pk>": ("owner",),
    "GET /merchants/mine": ("owner", "counselor"),
}


@pytest.fixture
def world(full_world):
    for user in User.objects.all():
        user.phone, user.email = f"136{user.pk:08}", f"person{user.pk}@example.com"
        user.save(update_fields=["phone", "email"])
    for client in ClientProfile.objects.all():
        client.phone, client.emergency_phone = f"138{client.pk:08}", f"137{client.pk:08}"
        client.save(update_fields=["phone", "emergency_phone"])
    return full_world


def shown(text: str, viewer: User | None = None) -> list[str]:
    """Whatever looks personal; one's own address stands in the back office's own menu."""
    own = {viewer.phone, viewer.email} if viewer else set()
    return [
        f"{kind} {found}"
        for kind, form in PERSONAL.items()
        for found in form.findall(text)
        if found not in own
    ]


def test_P4_nobody_reads_personal_data_in_full_by_the_api(world):
    found, read = [], 0
    for name, case in TABLE.items():
        if name.split()[0] != "GET":
            continue
        for actor in ACTORS:
            if actor in OWN.get(name, ()):
                continue
            body = call(ROUTES[name], case, world, actor)[0].content.decode(errors="replace")
            read += len(body)
            found += [f"{name} as {actor}: {what}" for what in shown(body)]

    assert read > 50_000
    assert found == []


def _now(world, role) -> User:
    return User.objects.get(pk=world.users[role].pk)


def test_P4_only_the_owner_sees_their_own_in_full(world):
    for name in OWN:
        body = call(ROUTES[name], TABLE[name], world, "owner")[0].content.decode()
        assert {what.split()[0] for what in shown(body)} <= {"phone", "email"}
        assert shown(body), name


def _rows(label) -> list:
    if label == "constance.config":  # a form, no table
        return []
    return list(REGISTERED[label].model._default_manager.order_by("pk")[:20])


@pytest.mark.parametrize("label", PAGES)
def test_P4_no_page_of_the_back_office_shows_any(label, world):
    found, seen, addresses = [], 0, {pages_of(label)["view"]}
    for row in _rows(label):
        addresses |= set(pages_of(label, row).values())
    for role in STAFF:
        client = browser(world, role)
        for address in addresses:
            answer = client.get(address)
            seen += answer.status_code == 200
            text = answer.content.decode(errors="replace")
            found += [f"{address} as {role}: {what}" for what in shown(text, _now(world, role))]

    assert seen > 0
    assert found == []


@pytest.mark.parametrize("name", ["index", "accounts_operationlog_analysis", "app_list"])
def test_P4_nor_do_the_pages_of_the_site(name, world):
    address = reverse(f"admin:{name}", args=["accounts"] if name == "app_list" else [])
    for role in STAFF:
        text = browser(world, role).get(address).content.decode()
        assert shown(text, _now(world, role)) == []


def test_P4_nor_the_pages_that_ask_for_a_reason(world):
    client = browser(world, "super_admin")
    for name, row in (("accounts_user", world.owner), ("counseling_clientprofile", world.profile)):
        text = client.get(reverse(f"admin:{name}_reveal", args=[row.pk])).content.decode()
        assert "查看完整信息" in text
        assert shown(text, _now(world, "super_admin")) == []


def test_P4_a_page_that_forgets_to_mask_is_found(world, monkeypatch):
    """The negative control."""
    page = admin.site._registry[User]
    monkeypatch.setattr(page, "list_display", [*page.list_display, "phone"])

    text = browser(world, "admin").get(pages_of("accounts.user")["view"]).content.decode()

    assert f"phone 136{world.owner.pk:08}" in shown(text)
