"""Filters of lists."""

from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date
from unfold.contrib.filters.admin import RangeDateFilter


class DayRangeFilter(RangeDateFilter):
    """From one day to another, both included; days are those of the business (Asia/Shanghai).

    Unfold's own compares a moment with a date and so leaves the last day out.
    """

    def queryset(self, request, queryset):
        start, end = self._day("from"), self._day("to")
        if start:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": _midnight(start)})
        if end:
            after = _midnight(end + timedelta(days=1))
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": after})
        return queryset

    def _day(self, end: str):
        text = str(self.used_parameters.get(f"{self.parameter_name}_{end}") or "")
        try:
            return parse_date(text.replace("/", "-"))
        except ValueError:
            return None


def _midnight(day) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
