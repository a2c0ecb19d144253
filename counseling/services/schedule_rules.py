"""What a counselor's time is made of: which slots the rules yield on which days."""

from datetime import datetime

Span = tuple[datetime, datetime]


def blocked_spans(counselor_id: int, first: datetime, last: datetime) -> list[Span]:
    """Stretches between `first` and `last` in which no slots are made for this counselor.

    One statement per kind of absence.  Slots that stand are not its business.
    """
    return []
