"""What can be exported: settings.EXPORTS names one class per kind, as PAYABLES does for selling.

An app that has rows to export writes a TableExport in its exports.py and adds one line to
settings.EXPORTS.  Something that is no table (one's own data) has the same five names.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, Protocol

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.errors import ExportInvalid
from accounts.models import ExportFormat, ExportJob, ExportStatus, User
from accounts.scope import EVERYTHING, reach_of, scoped, still_reaches
from config.errors import NotFound
from config.tables import CsvTable, XlsxTable

BATCH = 1000
Progress = Callable[[int], None]  # called with the rows written so far; it may raise: stop then


class Export(Protocol):
    """label: what people call it, in Chinese.  formats: what write() makes, the usual one first.

    keep_parameter, if there is one: the live parameter of days that its files are kept.
    reach(job), if there is one: how far its requester's rights reach, kept when it is made.
    still_theirs(job), if there is one: whether what it was asked for, and what its file may hold,
    is its requester's yet.
    """

    label: str
    formats: Sequence[str]
    columns: Mapping[str, Any]

    def allows(self, user: User, *, unmasked: bool) -> bool:
        """Whether `user` may have it; asked again when it is made and when it is fetched."""

    def check(self, filters: Mapping[str, Any], *, user: User) -> dict[str, Any]:
        """The filters as they are kept, or ExportInvalid(filters={name: [why]})."""

    def count(self, job: ExportJob) -> int:
        """How many rows there will be, about."""

    def write(self, job: ExportJob, file: BinaryIO, *, progress: Progress) -> None:
        """Write all of it; call progress() now and then, at least once a minute."""


@cache
def export_kind(name: str) -> Export:
    """NotFound for a kind that is not in settings.EXPORTS."""
    if name not in settings.EXPORTS:
        raise NotFound
    return import_string(settings.EXPORTS[name])()


def kind_label(name: str) -> str:
    """What people call it; a kind that is none any more stays as it is."""
    return export_kind(name).label if name in settings.EXPORTS else name


def reach_now(job: ExportJob) -> dict[str, Any] | None:
    """How far its requester reaches; None where no reach decides what is in the file."""
    reach = getattr(export_kind(job.kind), "reach", None)
    return reach and reach(job)


def may_have(job: ExportJob) -> bool:
    """Whether its requester may have it, as things are now."""
    user, kind = job.requested_by, export_kind(job.kind)
    if not user.is_active or not kind.allows(user, unmasked=job.unmasked):
        return False
    still_theirs = getattr(kind, "still_theirs", None)
    return still_theirs is None or still_theirs(job)


@dataclass(frozen=True)
class Column:
    """title: the head.  masked: what is written instead unless unmasked data was asked for."""

    title: str
    value: Callable[[Any], Any]
    masked: Callable[[Any], Any] | None = None

    def of(self, row: Any, *, unmasked: bool) -> Any:
        return (self.value if unmasked or self.masked is None else self.masked)(row)


class ReachingExport:
    """One whose rows are those that permissions reach: who reaches less now gets no file of then.

    wanted(unmasked): those permissions.  A file without a reach is from before it was kept, and
    for who reaches everything.
    """

    def wanted(self, *, unmasked: bool) -> list[str]:
        raise NotImplementedError

    def reach(self, job: ExportJob) -> dict[str, Any]:
        return reach_of(job.requested_by, self.wanted(unmasked=job.unmasked))

    def still_theirs(self, job: ExportJob) -> bool:
        if job.status != ExportStatus.READY:  # it will be made as far as they reach by then
            return True
        then = job.reach or EVERYTHING
        return still_reaches(job.requested_by, self.wanted(unmasked=job.unmasked), then)


class TableExport(ReachingExport):
    """Rows of one model, newest first, in batches by primary key.

    permission: what its rows may be seen with, "app.codename"; accounts.export_data comes on top.
    filterset: the filters of the list that shows the same rows.  choices: what to offer for those
    whose values are rows, [(value, name)].
    """

    label: str
    permission: str
    filterset: type
    columns: Mapping[str, Column]
    formats = (ExportFormat.CSV, ExportFormat.XLSX)
    choices: Mapping[str, Callable[[], list]] = {}

    def rows(self, user: User) -> QuerySet[Model]:
        """What `user` may see at all, with what the columns need prefetched."""
        raise NotImplementedError

    def allows(self, user: User, *, unmasked: bool) -> bool:
        return user.has_perms(self.wanted(unmasked=unmasked))

    def wanted(self, *, unmasked: bool) -> list[str]:
        wanted = ["accounts.export_data", self.permission]
        return [*wanted, "accounts.export_unmasked"] if unmasked else wanted

    def check(self, filters: Mapping[str, Any], *, user: User) -> dict[str, str]:
        """Unknown names are refused: a misspelt filter would export everything."""
        kept = {name: _text(value) for name, value in filters.items() if value not in (None, "")}
        if unknown := kept.keys() - self.filterset.base_filters.keys():
            raise ExportInvalid(filters={name: [_("没有这个筛选条件")] for name in sorted(unknown)})
        form = self.filterset(kept, queryset=self.rows(user).none()).form
        if not form.is_valid():
            raise ExportInvalid(filters={name: list(why) for name, why in form.errors.items()})
        return kept

    def count(self, job: ExportJob) -> int:
        return self._chosen(job).count()

    def write(self, job: ExportJob, file: BinaryIO, *, progress: Progress) -> None:
        columns = [self.columns[name] for name in job.columns]
        table, done = table_for(job.format)(file, [column.title for column in columns]), 0
        for batch in self._batches(job):
            for row in batch:
                table.add([column.of(row, unmasked=job.unmasked) for column in columns])
            done += len(batch)
            progress(done)
        table.close()

    def _chosen(self, job: ExportJob) -> QuerySet[Model]:
        """As far as both permissions reach for its requester, as things are now."""
        if job.filters is None:
            raise ExportInvalid
        rows, user = self.rows(job.requested_by), job.requested_by
        for permission in self.wanted(unmasked=job.unmasked):
            rows = scoped(rows, user, permission)
        return self.filterset(job.filters, queryset=rows).qs

    def _batches(self, job: ExportJob) -> Iterator[list[Model]]:
        """Newest first, so rows that come meanwhile are not met."""
        chosen = self._chosen(job).order_by("-pk")
        batch = list(chosen[:BATCH])
        while batch:
            yield batch
            batch = list(chosen.filter(pk__lt=batch[-1].pk)[:BATCH])


def table_for(format: str) -> type[CsvTable | XlsxTable]:
    return XlsxTable if format == ExportFormat.XLSX else CsvTable


def _text(value: Any) -> str:
    """As it would stand in a query: true, 3, active; several are joined by commas."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)
