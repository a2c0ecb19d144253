"""Where data about a person lies: one map for export, deletion and the test of both (P-8).

Each app says it in <app>/services/personal_data.py; settings.PERSONAL_DATA names those modules.
Such a module has
HOLDINGS: its tables with rows about a person;
IMPERSONAL: its other models, {model: why nothing there is about a person}; with HOLDINGS together
that is every model of the app;
lock(user): hold what decides, before blockers() is asked for good;
blockers(user): what has to end before the person may go;
erase(user): what clearing columns does not do; before that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet

from accounts.models import User

PSEUDONYM = "已注销用户"


@dataclass(frozen=True)
class Holding:
    """One table with rows about a person.

    owner: the path from a row to the person, or a function that finds the rows.
    clear: what columns become when the person goes; None: the rows go.
    keep: columns with words in them that stay: ours, not the person's, or wanted by law.
    hidden: columns that no export shows: hashes, and what would open the account.
    """

    model: type[Model]
    owner: str | Callable[[User], QuerySet] = "user"
    clear: Mapping[str, Any] | None = None
    keep: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()

    def rows(self, user: User) -> QuerySet:
        if callable(self.owner):
            return self.owner(user)
        return self.model._base_manager.filter(**{self.owner: user.pk}).order_by()


@dataclass(frozen=True)
class Blocker:
    """Something that has to end before a person may go; message: what they read, in Chinese."""

    code: str
    message: str
    count: int = field(default=1)


def maps() -> Iterator[ModuleType]:
    """Every app's part; the uppermost app first, so that what depends on others goes before."""
    return (import_module(name) for name in settings.PERSONAL_DATA)


def holdings() -> Iterator[Holding]:
    return (holding for part in maps() for holding in part.HOLDINGS)


def lock_holdings(user: User) -> None:
    """Nothing that blockers() looks at begins or ends until the transaction does."""
    for part in maps():
        part.lock(user)


def blockers_of(user: User) -> list[Blocker]:
    """All that has to end first; binding only after lock_holdings()."""
    return [blocker for part in maps() for blocker in part.blockers(user)]


def erase_holdings(user: User) -> None:
    """Take everything personal away, in the caller's transaction; a second call is harmless."""
    for part in maps():
        part.erase(user)
        for holding in part.HOLDINGS:
            rows = holding.rows(user)
            if holding.clear is None:
                rows.delete()
            elif holding.clear:
                rows.update(**holding.clear)


def extent(user: User) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """What erasing would delete and what it would keep under the pseudonym: (name, rows) each."""
    goes, stays = [], []
    for holding in holdings():
        count = 0 if holding.model is User else holding.rows(user).count()
        if count:
            side = goes if holding.clear is None else stays
            side.append((str(holding.model._meta.verbose_name), count))
    return goes, stays
