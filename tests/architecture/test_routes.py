"""Every route is known, declared, documented and reachable without PATCH."""

from collections import defaultdict
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import path as url

from accounts.rbac import PERMISSIONS, ROLES
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet
from config.errors import DomainError
from tests.architecture.routes import API, UnknownView, api_routes, readable, walk

CHECKED = [route for route in api_routes() if route.path.startswith("/api/v1/")]
VIEWSETS = sorted({route.viewset for route in CHECKED}, key=lambda cls: cls.__name__)
LISTED = [v for v in VIEWSETS if any(r.viewset is v and r.action == "list" for r in CHECKED)]


def undeclared(routes) -> list[str]:
    return [str(route) for route in routes if route.viewset.permissions.get(route.action) is None]


def dead_rules(routes) -> list[str]:
    """Rules of viewsets for actions that no route leads to."""
    reached = defaultdict(set)
    for route in routes:
        reached[route.viewset].add(route.action)
    return [
        f"{viewset.__name__}.{action}"
        for viewset, actions in reached.items()
        for declared in (viewset.permissions, viewset.refusals, viewset.summaries)
        for action in declared
        if action not in actions
    ]


def test_every_route_is_of_a_known_kind():
    assert len(list(walk())) > 100


def test_a_view_of_an_unknown_kind_is_noticed():
    with pytest.raises(UnknownView, match="/backdoor"):
        list(walk([url("backdoor", lambda request: None)], "/"))


def test_every_action_says_who_may_call_it():
    assert undeclared(api_routes()) == []


def test_no_rule_is_about_an_action_that_is_gone():
    assert dead_rules(api_routes()) == []


def test_an_undeclared_action_and_a_dead_rule_are_noticed():
    class Open(ApiViewSet):
        permissions = {"gone": PUBLIC}

        def list(self, request): ...

    routes = list(walk([url("open", Open.as_view({"get": "list"}))], "/api/v1/"))

    assert undeclared(routes) == ["GET /api/v1/open Open.list"]
    assert dead_rules(routes) == ["Open.gone"]


# The menu is edited by super admins and by roles of staff's own with permission:manage.
FOR_SUPER_ADMINS = {
    *(name for name in PERMISSIONS["permission:manage"] if name.endswith("_menu")),
    *PERMISSIONS["notes:supervise"], *PERMISSIONS["notes:approve"],
}  # fmt: skip


@pytest.mark.django_db
def test_every_rule_is_public_login_or_a_permission_that_some_role_holds():
    known = {
        f"{app}.{codename}": list(groups)
        for app, codename, groups in (
            (p.content_type.app_label, p.codename, p.group_set.values_list("role__code", flat=True))
            for p in Permission.objects.select_related("content_type")
        )
    }
    for viewset in VIEWSETS:
        for action, rule in viewset.permissions.items():
            if rule in {PUBLIC, LOGIN}:
                continue
            assert rule in known, f"{viewset.__name__}.{action}: {rule} does not exist"
            holders = set(known[rule])
            assert holders <= set(ROLES)
            if rule in FOR_SUPER_ADMINS:
                assert holders == {"super_admin"}
                continue
            assert holders > {"super_admin"}, f"{viewset.__name__}.{action}: nobody holds {rule}"


def test_both_prefixes_lead_to_the_same_views():
    by_prefix = defaultdict(set)
    for route in api_routes():
        prefix = "/api/v1/" if route.path.startswith("/api/v1/") else "/api/"
        by_prefix[prefix].add((route.path.removeprefix(prefix), route.method, route.viewset))

    assert by_prefix["/api/v1/"] == by_prefix["/api/"]


def test_no_documented_path_ends_in_a_slash():
    assert [route.path for route in CHECKED if route.path.endswith("/")] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "route", [route for route in CHECKED if route.method in {"PATCH", "PUT", "DELETE"}], ids=str
)
def test_a_client_that_only_gets_and_posts_reaches_every_action(route):
    """wx.request cannot send PATCH."""
    path = route.path.replace("<pk>", "1")
    while "<" in path:
        path = path[: path.index("<")] + "1" + path[path.index(">") + 1 :]

    response = Client().post(path, headers={"X-HTTP-Method-Override": route.method})

    assert response.status_code in {401, 404}, response.content
    assert response.status_code == 401 or route.viewset.permissions[route.action] == PUBLIC


@pytest.mark.parametrize("viewset", VIEWSETS, ids=lambda cls: cls.__name__)
def test_refusals_are_domain_errors(viewset):
    for action, errors in viewset.refusals.items():
        for error in errors:
            assert issubclass(error, DomainError), f"{viewset.__name__}.{action}"


@pytest.mark.django_db
@pytest.mark.parametrize("viewset", LISTED, ids=lambda cls: cls.__name__)
def test_what_a_viewset_lists_is_ordered(viewset, user):
    """Pages of an unordered queryset shuffle; the paginator refuses them at run time too."""
    if viewset.get_queryset is ApiViewSet.get_queryset and viewset.queryset is None:
        return
    view = viewset()
    view.request = SimpleNamespace(
        user=user, query_params={}, GET={}, method="GET", headers={}, auth=None
    )
    view.action, view.kwargs, view.format_kwarg = "list", defaultdict(lambda: 1), None
    assert view.get_queryset().ordered, viewset.__name__


def test_paths_are_made_readable():
    assert readable("api/v1/^order/(?P<pk>[0-9]{1,18})/pay\\Z") == "/api/v1/order/<pk>/pay"
    assert readable("admin/<path:object_id>/change/") == "/admin/<object_id>/change/"


def test_the_list_of_routes_holds_viewsets():
    assert {route.kind for route in CHECKED} == {API}
