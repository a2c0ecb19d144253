"""Every action × every actor: who is let in, and that a refusal neither shows nor writes."""

import pytest
from django.db.models import QuerySet

from config.api.permissions import PUBLIC
from config.api.viewsets import ApiViewSet
from config.prepared import forget_compiled
from tests.architecture.routes import API, api_routes, walk
from tests.contract.matrix.check import check
from tests.contract.matrix.table import TABLE, case_for
from tests.contract.matrix.world import ACTORS

ROUTES = {
    f"{route.method} {route.path.removeprefix('/api/v1')}": route
    for route in api_routes()
    if route.path.startswith("/api/v1/")
}


@pytest.mark.parametrize("name", ROUTES)
def test_each_actor_gets_what_the_route_promises(name, world):
    route = ROUTES[name]

    assert check(route, case_for(route), world) == []


def test_the_table_knows_every_route_and_no_other():
    assert set(TABLE) == set(ROUTES)


def test_there_are_fourteen_actors(world):
    assert len(ACTORS) == 14
    assert set(world.clients) == set(ACTORS)


def _found(name, world, *actors) -> list[str]:
    return check(ROUTES[name], TABLE[name], world, actors or ACTORS)


# Seeded holes: each must be found.


def test_a_forgotten_rule_is_found(world, monkeypatch):
    viewset = ROUTES["GET /order"].viewset
    monkeypatch.setattr(viewset, "permissions", viewset.permissions | {"list": None})

    assert len(_found("GET /order", world)) > 1


@pytest.mark.parametrize("name", ["GET /order", "GET /client-profile", "GET /user", "GET /role"])
def test_a_rule_that_was_opened_is_found(world, monkeypatch, name):
    route = ROUTES[name]
    monkeypatch.setattr(
        route.viewset, "permissions", route.viewset.permissions | {route.action: PUBLIC}
    )

    found = _found(name, world, "anonymous", "stranger")

    assert f"{route}: 'public' is declared" in found


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("commerce.models.Order", "GET /order/<pk>"),
        ("commerce.models.Order", "GET /order"),
        ("commerce.models.Order", "POST /order/<pk>/cancel"),
        ("commerce.models.Payment", "GET /pay/<pk>"),
        ("commerce.models.Refund", "GET /refund/<pk>"),
        ("commerce.models.Refund", "GET /refund"),
        ("counseling.models.ClientProfile", "GET /client-profile/<pk>"),
        ("counseling.models.ClientProfile", "GET /client-profile"),
        ("counseling.models.Appointment", "GET /appointment"),
        ("media.models.File", "GET /file/<pk>"),
        ("media.models.File", "GET /file"),
    ],
)
def test_a_queryset_that_shows_all_rows_is_found(world, monkeypatch, path, name):
    from django.utils.module_loading import import_string

    queryset = type(import_string(path).objects.all())
    with monkeypatch.context() as patch:
        patch.setattr(queryset, "visible_to", lambda self, user: QuerySet.all(self))
        forget_compiled()
        found = _found(name, world, "stranger")
    forget_compiled()

    assert found != []


def test_a_row_that_is_shown_without_a_look_at_its_reader_is_found(world, monkeypatch):
    from counseling.views import appointments

    monkeypatch.setattr(appointments, "_may_see", lambda user, row: True)

    assert _found("GET /appointment/<pk>", world, "stranger") != []


def test_a_token_that_is_never_checked_is_found(world, monkeypatch):
    """A session that ended, taken for alive: its reader sees what only a login may see."""
    from accounts import tokens
    from accounts.models import User

    def lax(raw):
        claims = tokens.decode(raw, tokens.ACCESS)
        return User.objects.get(pk=claims["sub"]), tokens.Login(0, claims["sid"])

    monkeypatch.setattr(tokens, "authenticate", lax)

    assert len(_found("GET /order", world, "disabled", "revoked")) == 2


@pytest.mark.parametrize(
    "name",
    ["POST /user/merge", "POST /user/<pk>/disable", "POST /user/<pk>/roles", "PUT /role/<pk>"],
)
def test_a_step_up_that_was_forgotten_is_found(world, monkeypatch, name):
    route = ROUTES[name]
    monkeypatch.setattr(route.viewset, "step_up", frozenset())

    found = _found(name, world, "unconfirmed")

    assert len(found) > 1
    assert found[0] == f"{route}: step_up is False"


def test_a_write_before_the_refusal_is_found(world, monkeypatch):
    from config.api.permissions import ActionPermission
    from content.models import Category

    honest = ActionPermission.has_permission

    def hasty(self, request, view):
        Category.objects.create(name="x", slug="x")
        return honest(self, request, view)

    monkeypatch.setattr(ActionPermission, "has_permission", hasty)

    found = _found("GET /order", world, "anonymous")

    assert found == [f"{ROUTES['GET /order']} as anonymous: wrote content_category"]


def test_a_route_nobody_thought_of_is_found(world):
    from django.urls import path

    class Backdoor(ApiViewSet):
        permissions = {"list": PUBLIC}

        def list(self, request): ...

    (route,) = walk([path("backdoor", Backdoor.as_view({"get": "list"}))], "/api/v1/")

    assert route.kind == API
    assert check(route, case_for(route), world) == [
        "GET /api/v1/backdoor Backdoor.list: no expectation"
    ]
