"""Calls one route as one actor and says in what way the answer is not the promised one."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256

from django.apps import apps
from django.db import connection, transaction

from config.api.permissions import LOGIN, PUBLIC
from tests.architecture.routes import Route
from tests.contract.matrix.world import ACTORS, SAME_PERSON, World
from tests.helpers import forget_everything

NOBODY = ("disabled", "revoked")  # hold a token that has ended
# What a refused request may write: who tried what.
TRACES = {
    "accounts_operationlog", "accounts_loginlog", "accounts_loginguard", "django_session",
    "django_admin_log",
}  # fmt: skip
IN = "in"


@dataclass(frozen=True)
class Case:
    """What one route promises, written down apart from the code that is tested.

    rule: PUBLIC, LOGIN or a permission.  path: the route's arguments as attributes of World.
    who: the actors for whom the row exists (404 for the rest) or whose list holds it; None:
    everybody the rule lets in.  also: refusals of the business itself that look like denials.
    scope: what opens it to a third party's key.
    step_up: only for a login that has just shown that it is its owner.
    """

    rule: str
    path: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[World], dict] = lambda world: {}
    query: Mapping[str, str] = field(default_factory=dict)
    who: frozenset[str] | None = None
    also: frozenset[int] = frozenset()
    scope: str | None = None
    step_up: bool = False
    tokenless: bool = False  # logs in: a token that is sent is not even looked at


def check(route: Route, case: Case | None, world: World, actors=ACTORS) -> list[str]:
    """Everything that is wrong with a route, over all actors."""
    if case is None:
        return [f"{route}: no expectation"]
    declared = route.viewset.permissions.get(route.action)
    wrong = [] if declared == case.rule else [f"{route}: {declared!r} is declared"]
    if (route.action in route.viewset.step_up) != case.step_up:
        wrong.append(f"{route}: step_up is {not case.step_up}")
    if (scope := route.viewset.scopes.get(route.action)) != case.scope:
        wrong.append(f"{route}: scope is {scope!r}")
    for actor in actors:
        wrong += [f"{route} as {actor}: {what}" for what in _as_actor(route, case, world, actor)]
    return wrong


def expected(case: Case, world: World, actor: str) -> str | int:
    """IN, or the status of the denial."""
    if actor in NOBODY:
        return IN if case.tokenless else 401
    if actor == "api_key":
        return IN if case.tokenless or case.scope else 403
    if actor == "anonymous" and case.rule != PUBLIC:
        return 401
    if case.rule not in {PUBLIC, LOGIN} and not _holds(world, actor, case.rule):
        return 403
    if case.step_up and actor == "unconfirmed":
        return 403
    if case.path and case.who is not None and person(actor) not in case.who:
        return 404
    return IN


def person(actor: str) -> str:
    return SAME_PERSON.get(actor, actor)


def _holds(world: World, actor: str, permission: str) -> bool:
    user = world.users.get(person(actor))
    return bool(user) and user.has_perm(permission)


def _as_actor(route: Route, case: Case, world: World, actor: str) -> list[str]:
    want = expected(case, world, actor)
    with writes() as tried:
        response, after = call(
            route, case, world, actor, look=lambda: tried and want != IN and checksum()
        )
    wrong = []
    if want == IN and response.status_code in {401, 403, 404, 405} - case.also:
        wrong.append(f"{response.status_code}, should be let in: {response.content[:200]!r}")
    if want != IN and response.status_code != want:
        wrong.append(f"{response.status_code}, should be {want}: {response.content[:200]!r}")
    if response.status_code >= 500 and response.status_code != 503:
        wrong.append(f"{response.status_code}: {response.content[:200]!r}")
    if after:
        before = checksum()  # as it was: what the call did is undone
        wrong += [f"wrote {table}" for table in after if after[table] != before.get(table)]
    if not _may_see(case, world, actor):
        text = response.content.decode()
        wrong += [f"shows {name}" for name, secret in world.secrets.items() if secret in text]
    return wrong


def _may_see(case: Case, world: World, actor: str) -> bool:
    """Whether what only the owner (and those who work for them) may know can be in the answer."""
    if case.who is not None:
        return person(actor) in case.who
    return case.rule not in {PUBLIC, LOGIN} and _holds(world, actor, case.rule)


def call(route: Route, case: Case, world: World, actor: str, *, body=None, look=None):
    """(the answer, what look() sees behind it); whatever was written is undone."""
    path = address(route, case, world)
    forget_everything()
    with transaction.atomic():
        api = world.clients[actor]
        if route.method == "GET":
            response = api.get(path, dict(case.query))
        else:
            sent = case.body(world) if body is None else body
            response = getattr(api, route.method.lower())(path, sent)
        after = look() if look else None
        transaction.set_rollback(True)
    forget_everything()
    return response, after


def address(route: Route, case: Case, world: World) -> str:
    path = route.path.removeprefix("/api/v1")
    for name, attribute in case.path.items():
        path = path.replace(f"<{name}>", str(getattr(world, attribute)))
    return path


@contextmanager
def writes() -> Iterator[list[str]]:
    """Gives the statements that may have written somewhere that a refused request must leave
    alone: nearly always none, and then no table has to be looked at."""
    tried = []

    def watch(execute, sql, params, many, context):
        if not _HARMLESS.match(sql):
            tried.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield tried


_HARMLESS = re.compile(
    r"\s*(SELECT|SAVEPOINT|RELEASE|ROLLBACK)\b"
    rf"|(INSERT INTO|UPDATE|DELETE FROM) [\"`]?({'|'.join(sorted(TRACES))})[\"`]? "
)


def checksum() -> dict[str, str]:
    """A hash of every table that a refused request must leave alone."""
    with connection.cursor() as cursor:
        result = {}
        for table in _tables():
            cursor.execute(f"SELECT * FROM {table}")
            rows = sorted(map(repr, cursor.fetchall()))
            result[table] = sha256("\n".join(rows).encode()).hexdigest()
        return result


def rows(*hidden: str) -> dict[str, list]:
    """All tables without the columns that differ between two runs of the same request."""
    with connection.cursor() as cursor:
        result = {}
        for table in _tables():
            cursor.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            result[table] = sorted(
                json.dumps(
                    {n: v for n, v in zip(names, row, strict=True) if n not in hidden}, default=str
                )
                for row in cursor.fetchall()
            )
        return result


@cache
def _tables() -> tuple[str, ...]:
    ours = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model._meta.db_table not in TRACES
    }
    return tuple(sorted(ours & set(connection.introspection.table_names())))
