"""How times of slots and sessions are written; business time."""

from django.utils import timezone


def day_text(row) -> str:
    return f"{timezone.localtime(row.start_at):%Y-%m-%d}"


def hours_text(row) -> str:
    start, end = timezone.localtime(row.start_at), timezone.localtime(row.end_at)
    return f"{start:%H:%M}–{end:%H:%M}"


def span_text(row) -> str:
    """2026-11-21 09:00–09:50."""
    return f"{day_text(row)} {hours_text(row)}"
