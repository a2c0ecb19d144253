"""What each app knows about one person, for staff: settings.USER_SECTIONS names lists of these.

Two statements per section that the viewer may see, however much there is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import DateTimeField, Model, OuterRef, QuerySet, Subquery, Value
from django.utils.module_loading import import_string

from accounts.models import LoginSession, User
from accounts.scope import scoped

LATEST = 5
# Before anybody was active: what orders those who never were.
NEVER = Value(datetime(1970, 1, 1, tzinfo=UTC), DateTimeField())


def with_last_active(people: QuerySet) -> QuerySet:
    """last_active_at: when they were last seen in any login we still keep."""
    seen = LoginSession.objects.filter(user=OuterRef("pk")).order_by("-last_seen_at")
    return people.annotate(last_active_at=Subquery(seen.values("last_seen_at")[:1]))


@dataclass(frozen=True)
class Section:
    """Rows about a person, or whatever else a page is about.

    permission: what a viewer needs; they see the rows it reaches.  rows: of its id, newest
    first, with what the columns need selected.  columns: head and value.  page: the model's page
    in the back office ("commerce.order"), "" when it has none; lookup: its filter by person, ""
    when it has none.
    moment: the column that says when somebody did it, where it tells of their behavior.
    """

    key: str
    title: str
    permission: str
    rows: Callable[[int], QuerySet]
    columns: Mapping[str, Callable[[Any], Any]]
    page: str = ""
    lookup: str = "user__id__exact"
    moment: str = ""

    def seen(self, subject: Model, viewer: User) -> QuerySet:
        return scoped(self.rows(subject.pk), viewer, self.permission)

    def lines(self, row: Any) -> list[Any]:
        return [value(row) for value in self.columns.values()]


def sections_for(viewer: User) -> Iterator[Section]:
    """Those whose rows `viewer` may see, in the order of the apps."""
    for path in settings.USER_SECTIONS:
        for section in import_string(path):
            if viewer.has_perm(section.permission):
                yield section


def counts_of(user: User, *, viewer: User) -> list[dict[str, Any]]:
    """[{"key", "title", "total"}] of every section `viewer` may see."""
    return [
        {"key": s.key, "title": s.title, "total": s.seen(user, viewer).count()}
        for s in sections_for(viewer)
    ]
