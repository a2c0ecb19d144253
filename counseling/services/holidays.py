"""The calendar of holidays and make-up workdays, as files of an operator bring it.

JSON: a list of objects; CSV: the same names in the first line.  date (2026-02-14), name, kind
(off or work, off when left out), works_as (1 Monday to 7 Sunday: whose templates a make-up
workday has).  A file is the whole calendar of each year it names.
"""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from config.db import transact
from counseling.errors import HolidayFileInvalid
from counseling.models import Holiday, HolidayKind
from counseling.services.schedule import open_slots

SHIPPED = sorted((settings.BASE_DIR / "counseling" / "holidays").glob("*.json"))
MOST_ROWS = 2000
_YEARS = range(2000, 2100)


@dataclass(frozen=True)
class HolidayImport:
    """How many days of the calendar were added, changed and taken out."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def any(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def read_holidays(text: str) -> list[Holiday]:
    """The rows of a file, unsaved; HolidayFileInvalid names the first that is wrong."""
    rows = _parsed(text)
    if not rows or len(rows) > MOST_ROWS:
        raise HolidayFileInvalid(line=0)
    found: dict[date, Holiday] = {}
    for line, row in enumerate(rows, start=1):
        try:
            holiday = _holiday(row)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise HolidayFileInvalid(line=line) from None
        if holiday.date in found:
            raise HolidayFileInvalid(line=line)
        found[holiday.date] = holiday
    return list(found.values())


def shipped_holidays() -> list[Holiday]:
    return [row for path in SHIPPED for row in read_holidays(path.read_text(encoding="utf-8"))]


@transact
def import_holidays(rows: Iterable[Holiday]) -> HolidayImport:
    """Make the calendar of the years in `rows` equal to them; free slots follow after commit."""
    wanted = {row.date: row for row in rows}
    years = Q()
    for year in {day.year for day in wanted}:
        years |= Q(date__year=year)
    standing = {row.date: row for row in Holiday.objects.filter(years)} if wanted else {}
    gone = [row.pk for day, row in standing.items() if day not in wanted]
    fresh = [row for day, row in wanted.items() if day not in standing]
    changed = [
        row for day, row in standing.items()
        if day in wanted and _facts(row) != _facts(wanted[day])
    ]  # fmt: skip
    for row in changed:
        row.name, row.kind, row.works_as = _facts(wanted[row.date])
        row.save(update_fields=["name", "kind", "works_as", "updated_at"])
    Holiday.objects.filter(pk__in=gone).delete()
    Holiday.objects.bulk_create(fresh)
    done = HolidayImport(len(fresh), len(changed), len(gone))
    if done.any:
        holidays_changed()
    return done


def holidays_changed() -> None:
    """Everybody's slots are made anew once the change is committed, a counselor at a time."""
    transaction.on_commit(open_slots)


def _facts(row: Holiday) -> tuple:
    return row.name, row.kind, row.works_as


def _parsed(text: str) -> list[dict]:
    text = text.removeprefix("\ufeff").strip()
    if not text.startswith("["):
        return list(csv.DictReader(io.StringIO(text)))
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise HolidayFileInvalid(line=0) from None


def _holiday(row: dict) -> Holiday:
    day, name = date.fromisoformat(row["date"].strip()), row["name"].strip()
    kind = HolidayKind(row.get("kind") or HolidayKind.OFF)
    given = row.get("works_as")
    works_as = None if given in (None, "") else int(given) - 1
    if day.year not in _YEARS or not 0 < len(name) <= 32:
        raise ValueError
    if works_as is not None and (kind != HolidayKind.WORK or works_as not in range(7)):
        raise ValueError
    return Holiday(date=day, name=name, kind=kind, works_as=works_as)


def read_file(path: Path) -> list[Holiday]:
    try:
        return read_holidays(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise HolidayFileInvalid(line=0) from None
