"""Business days (Asia/Shanghai) and how far ahead one may book."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts.services.parameters import parameter
from config.days import day_start

CHILD = 14


def horizon_end(now: datetime, days: int | None = None) -> datetime:
    """The end of the last business day that is open for booking; today is the first one."""
    days = parameter("SLOT_HORIZON_DAYS") if days is None else days
    return day_start(timezone.localdate(now) + timedelta(days=days))


def age_on(birth_date: date, day: date) -> int:
    """Whole years; born on 29 February means older on 1 March in other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def is_child(birth_date: date, day: date | None = None) -> bool:
    """Under 14 on that day (today): the law asks for more (P-9)."""
    return age_on(birth_date, day or timezone.localdate()) < CHILD
