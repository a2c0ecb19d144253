"""A-1: every write by staff leaves exactly one row, done or denied; enumerated, not listed.

API: each route that is no GET and asks for a permission.  Back office: each page's add, change,
delete and actions.  A row of something done says from what to what it changed.
"""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import OperationLog
from config import changes
from config.api.permissions import LOGIN, PUBLIC
from tests.architecture.routes import api_routes
from tests.contract.matrix.check import call
from tests.contract.matrix.table import TABLE

WRITES = {
    f"{route.method} {route.path.removeprefix('/api/v1')}": route
    for route in api_routes()
    if route.path.startswith("/api/v1/") and route.method != "GET"
}
STAFF_WRITES = {
    name: route for name, route in WRITES.items()
    if TABLE.get(name) and TABLE[name].rule not in {PUBLIC, LOGIN}
}  # fmt: skip
PAGES = {model._meta.label_lower: page for model, page in admin.site._registry.items()}
# Done, and nothing that anybody could put back: something is shown, counted or begun.
WITHOUT_DIFFERENCES = {
    "POST /user/<pk>/reveal", "POST /client-profile/<pk>/reveal",
    "PUT /user/<pk>/tags",  # the same tags as before
    "POST /user/<pk>/unlock", "accounts.user unlock",  # nobody is locked out
    "accounts.menu move_up",  # the first stays first
    "accounts.operationlog export_csv", "accounts.cachepurge purge",
    "commerce.bill run_again", "counseling.weeklytemplate make_slots",
    "counseling.timeslot change",  # saved without a field of its own
    "django_celery_beat.periodictask run_now",
}  # fmt: skip
DENIED_ROLES = ("finance", "content_manager", "customer_service", "admin")


@pytest.fixture
def world(full_world):
    return full_world


@pytest.fixture(autouse=True)
def _as_if_committed(monkeypatch):
    """What is noted counts once it commits, and no test here does."""
    monkeypatch.setattr(changes, "transaction", SimpleNamespace(on_commit=lambda note: note()))


def looking() -> Callable[[], list[tuple[str, bool]]]:
    """A call that says how what was logged since now ended, and whether it has differences."""
    last = OperationLog.objects.order_by("pk").last()
    since = OperationLog.objects.filter(pk__gt=last.pk if last else 0)
    return lambda: [(row.status, bool(row.changes)) for row in since]


def test_there_are_many_of_them():
    assert len(STAFF_WRITES) >= 12
    assert len(PAGES) >= 25


@pytest.mark.parametrize("name", STAFF_WRITES)
def test_A1_an_api_write_leaves_one_row_when_done_and_when_denied(name, world):
    route, case = STAFF_WRITES[name], TABLE[name]
    denied = (
        next(r for r in DENIED_ROLES if not world.users[r].has_perm(case.rule))
        if not (world.users["admin"].has_perm(case.rule))
        else next(r for r in DENIED_ROLES[:3] if not world.users[r].has_perm(case.rule))
    )

    refused, left = call(route, case, world, denied, look=looking())
    assert (refused.status_code, left) == (403, [("failed", False)])
    done, left = call(route, case, world, "super_admin", look=looking())
    succeeded = done.status_code < 400
    assert left == [
        ("success", name not in WITHOUT_DIFFERENCES) if succeeded else ("failed", False)
    ]


def browser(user) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def posts(label: str):
    """(what, permission, address, body) of everything a page of the back office takes."""
    page = PAGES[label]
    app, model = label.split(".")

    def address(name, *args):
        return reverse(f"admin:{app}_{model}_{name}", args=args)

    if label == "constance.config":
        yield "change", "constance.change_config", address("changelist"), {}
        return
    row = page.model._default_manager.order_by("pk").first()
    yield "add", f"{app}.add_{model}", address("add"), {}
    if row is not None:
        yield "change", f"{app}.change_{model}", address("change", row.pk), {}
        yield "delete", f"{app}.delete_{model}", address("delete", row.pk), {"post": "yes"}
    for action in _actions(page):
        body = {"action": action, "_selected_action": [row.pk if row else 0], "post": "yes"}
        yield action, f"{app}.view_{model}", address("changelist"), body


def _actions(page) -> list[str]:
    return [name for name in page.actions or () if isinstance(name, str)]


@pytest.mark.parametrize("label", PAGES)
def test_A1_a_page_leaves_one_row_when_done_and_when_denied(label, world):
    wrong = []
    for what, permission, address, body in posts(label):
        for role in ("super_admin", *DENIED_ROLES):
            holds = world.users[role].has_perm(permission)
            with transaction.atomic():
                look = looking()
                response = browser(world.users[role]).post(address, body)
                left = look()
                transaction.set_rollback(True)
            if holds and not left and what == "delete_people":
                continue  # a page that asks whether one is sure: nothing was written
            if len(left) != 1:
                wrong.append(f"{role} {what}: {len(left)} rows, {response.status_code}")
            elif not holds and left != [("failed", False)]:
                wrong.append(f"{role} {what}: denied, but {left}")
            elif left == [("success", f"{label} {what}" in WITHOUT_DIFFERENCES)]:
                wrong.append(f"{role} {what}: differences are {left[0][1]}")
    assert wrong == []
