"""Letting go of rows when their time is over: settings.RETENTION says which and when (P-10)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.db.models import Model, QuerySet

from accounts.services.parameters import parameter
from config.db import transact

BATCH = 1000


class Rule(NamedTuple):
    """days: after what the column `since` says."""

    model: type[Model]
    since: str
    days: int
    only: dict

    def due(self, now: datetime) -> QuerySet:
        limit = {f"{self.since}__lt": now - timedelta(days=self.days)}
        return self.model._base_manager.filter(**limit, **self.only).order_by()


def rules() -> Iterator[Rule]:
    """settings.RETENTION with the live parameters as they are."""
    for label, since, days, only in settings.RETENTION:
        yield Rule(apps.get_model(label), since, _days(days), only)


def purge(now: datetime) -> int:
    """Delete what is due, a batch in a transaction of its own; how many rows of the table's went.

    Harmless to repeat, to overlap and to be killed.
    """
    gone = 0
    for rule in rules():
        while went := _purge_batch(rule, now):
            gone += went
    return gone


@transact
def _purge_batch(rule: Rule, now: datetime) -> int:
    ids = list(rule.due(now).values_list("pk", flat=True)[:BATCH])
    if ids:
        rule.due(now).filter(pk__in=ids).delete()
    return len(ids)


def _days(days: int | str) -> int:
    if isinstance(days, int):
        return days
    return max(parameter(days), settings.RETENTION_AT_LEAST.get(days, 0))
