"""The shapes that rows of every app have."""

from config.api.permissions import LOGIN, PUBLIC
from tests.contract.matrix.check import Case

OWNER = frozenset({"owner"})


def own(**path) -> Case:
    """A row of one's own; nobody else's exists."""
    return Case(LOGIN, path=path, who=OWNER)


def staff(
    permission: str, *, also: set[int] = frozenset(), body=None, step_up: bool = False, **path
) -> Case:
    body = body or (lambda world: {})
    return Case(permission, path=path, also=frozenset(also), body=body, step_up=step_up)


def login(body) -> Case:
    return Case(PUBLIC, body=body, tokenless=True, also=frozenset({401}))
