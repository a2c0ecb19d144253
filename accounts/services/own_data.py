"""Everything we keep about a person, for that person: a ZIP of JSON and a page to read (P-8).

Its tables are those of the map of personal data (accounts.services.holdings): what is erased when
somebody leaves and what they get is one list.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, Model
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.errors import ExportTooSoon
from accounts.models import ExportFormat, ExportJob, ExportStatus, User
from accounts.services.export_kinds import Progress
from accounts.services.exports import request_export
from accounts.services.holdings import Holding, holdings
from config.db import transact

KIND = "own_data"
ONCE_IN = timedelta(days=1)
IN_WORDS = 500  # rows of one table on the page; the JSON has all
_IN_VAIN = (ExportStatus.FAILED, ExportStatus.CANCELLED)


@transact
def request_own_data(user: User) -> ExportJob:
    """Ask for everything about oneself, once in ONCE_IN; ExportTooSoon with the seconds left."""
    User.objects.locked().get(pk=user.pk)  # two wishes of one person queue here
    now = timezone.now()
    mine = ExportJob.objects.visible_to(user).filter(kind=KIND).exclude(status__in=_IN_VAIN)
    last = mine.filter(created_at__gt=now - ONCE_IN).order_by("-pk").first()
    if last is not None:
        left = last.created_at + ONCE_IN - now
        raise ExportTooSoon(retry_after=max(1, int(left.total_seconds())), job_id=last.pk)
    return request_export(user, KIND)


class OwnDataExport:
    """An Export (services.export_kinds) without filters and columns."""

    label = "我的数据"
    formats = (ExportFormat.ZIP,)
    columns: Mapping[str, Any] = {}
    keep_parameter = "OWN_DATA_KEEP_DAYS"

    def allows(self, user: User, *, unmasked: bool) -> bool:
        return user.is_active and not unmasked

    def check(self, filters: Mapping[str, Any], *, user: User) -> dict[str, Any]:
        return {}

    def count(self, job: ExportJob) -> int:
        return sum(holding.rows(job.requested_by).count() for holding in holdings())

    def write(self, job: ExportJob, file: BinaryIO, *, progress: Progress) -> None:
        tables, done = [], 0
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            for holding in holdings():
                table = _table(holding, job.requested_by)
                text = json.dumps(table, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
                archive.writestr(f"{holding.model._meta.label_lower}.json", text)
                tables.append(_page(holding, table))
                done += len(table["rows"])
                progress(done)
            page = {"tables": tables, "made_at": timezone.now(), "limit": IN_WORDS}
            archive.writestr("index.html", render_to_string("own_data.html", page))


def _table(holding: Holding, user: User) -> dict[str, Any]:
    """name: in Chinese.  columns: {name: in Chinese}.  rows: a value per column."""
    columns = {field.attname: str(field.verbose_name) for field in _shown(holding)}
    rows = [_values(row, columns) for row in holding.rows(user).order_by("pk").iterator(500)]
    return {"name": str(holding.model._meta.verbose_name), "columns": columns, "rows": rows}


def _shown(holding: Holding) -> Iterator[Field]:
    for field in holding.model._meta.concrete_fields:
        if not field.generated and field.name not in holding.hidden:
            yield field


def _values(row: Model, columns: Mapping[str, str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in columns}


def _page(holding: Holding, table: dict[str, Any]) -> dict[str, Any]:
    """The same for people: choices in words, times of Beijing, nothing without a row."""
    choices = {field.attname: dict(field.flatchoices) for field in _shown(holding)}
    rows = [
        [_words(value, choices[name]) for name, value in row.items()]
        for row in table["rows"][:IN_WORDS]
    ]
    heads = list(table["columns"].values())
    return {"name": table["name"], "heads": heads, "rows": rows, "total": len(table["rows"])}


def _words(value: Any, choices: Mapping[Any, str]) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "是" if value else "否"
    if hasattr(value, "tzinfo") and hasattr(value, "date"):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
    return str(choices.get(value, value))
