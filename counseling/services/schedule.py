"""When counselors have time: weekly templates become slots; staff add, close and reopen some."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.parameters import parameter
from config.days import day_start
from config.db import transact
from config.errors import NotFound
from config.sweeping import each
from counseling.errors import SlotInUse, SlotOverlap, SlotTimeInvalid
from counseling.models import Appointment, Counselor, SlotStatus, TimeSlot, WeeklyTemplate
from counseling.services.calendar import horizon_end
from counseling.services.schedule_rules import Span, blocked_spans


def open_slots(
    counselor_id: int | None = None, *, now: datetime | None = None, days: int | None = None
) -> int:
    """Make the slots that weekly templates yield for the next `days` business days; how many.

    All counselors who have templates or had them, or the one given, each in a transaction of
    its own.  A second call makes nothing.  Held and booked slots are never touched; free ones
    whose template no longer yields them, or that an absence covers (blocked_spans), go away.
    """
    now = now or timezone.now()
    days = parameter("SLOT_HORIZON_DAYS") if days is None else days
    if counselor_id is not None:
        return _open_slots(counselor_id, now=now, days=days)
    with_templates = WeeklyTemplate.objects.order_by().values_list("counselor_id", flat=True)
    return each(sorted(set(with_templates)), _open_slots, now=now, days=days)


@transact
def _open_slots(counselor_id: int, *, now: datetime, days: int) -> int:
    _lock_counselor(counselor_id)
    blocked = blocked_spans(counselor_id, now, horizon_end(now, days))
    wanted = {
        span: template_id
        for span, template_id in _yielded(counselor_id, now, days)
        if not _clashes(span, blocked)
    }
    ahead = TimeSlot.objects.filter(counselor_id=counselor_id, end_at__gt=now)
    _drop_stale(ahead, wanted, now)
    taken = list(ahead.values_list("start_at", "end_at"))
    fresh = [
        TimeSlot(
            counselor_id=counselor_id, template_id=template_id, start_at=span[0], end_at=span[1]
        )
        for span, template_id in _not_overlapping(sorted(wanted.items()), taken)
    ]
    TimeSlot.objects.bulk_create(fresh)
    return len(fresh)


def _yielded(counselor_id: int, now: datetime, days: int) -> Iterator[tuple[Span, int]]:
    """(span, template id) of every slot that lies ahead and whose template is in force."""
    templates = list(WeeklyTemplate.objects.filter(counselor_id=counselor_id, is_active=True))
    today = timezone.localdate(now)
    for day in (today + timedelta(days=n) for n in range(days)):
        for template in templates:
            if (
                template.weekday == day.weekday()
                and (template.valid_from is None or template.valid_from <= day)
                and (template.valid_until is None or day <= template.valid_until)
            ):
                for span in _spans(template, day):
                    if span[0] > now:
                        yield span, template.pk


def _spans(template: WeeklyTemplate, day) -> Iterator[Span]:
    midnight = day_start(day)
    start = midnight + _since_midnight(template.start_time)
    last = midnight + _since_midnight(template.end_time)
    length = timedelta(minutes=template.slot_minutes)
    step = length + timedelta(minutes=template.break_minutes)
    while start + length <= last:
        yield start, start + length
        start += step


def _since_midnight(moment) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)


def _drop_stale(ahead, wanted: dict[Span, int], now: datetime) -> None:
    """Take away free slots that no template yields any more; those with a history are closed.

    Rows that a booking holds at this moment are skipped: it decides what becomes of them.
    """
    free = ahead.filter(status=SlotStatus.OPEN, start_at__gt=now, template__isnull=False)
    stale = [
        slot.pk
        for slot in free.select_for_update(skip_locked=True)
        if (slot.start_at, slot.end_at) not in wanted
    ]
    had_one = Exists(Appointment.objects.filter(slot=OuterRef("pk")))
    rows = TimeSlot.objects.filter(pk__in=stale, status=SlotStatus.OPEN)
    closing = list(rows.filter(had_one).values_list("pk", flat=True))
    rows.filter(pk__in=closing).update(status=SlotStatus.CLOSED, updated_at=timezone.now())
    rows.exclude(pk__in=closing).delete()


def _not_overlapping(wanted, taken: list[Span]) -> Iterator[tuple[Span, int]]:
    """Those of `wanted` that clash with nothing in `taken` nor with one another."""
    busy = list(taken)
    for span, template_id in wanted:
        if not _clashes(span, busy):
            busy.append(span)
            yield span, template_id


def _clashes(span: Span, others: Iterable[Span]) -> bool:
    return any(start < span[1] and end > span[0] for start, end in others)


@transact
def create_slots(
    counselor_id: int, *, spans: Iterable[Span], now: datetime | None = None
) -> list[TimeSlot]:
    """Add free slots, all or none; SlotOverlap when one clashes, SlotTimeInvalid in the past."""
    now = now or timezone.now()
    _lock_counselor(counselor_id)
    made = []
    for start, end in sorted(spans):
        if not now < start < end:
            raise SlotTimeInvalid(start_at=start)
        try:
            with transaction.atomic():
                made.append(
                    TimeSlot.objects.create(counselor_id=counselor_id, start_at=start, end_at=end)
                )
        except IntegrityError:
            raise SlotOverlap(start_at=start) from None
    return made


@transact
def close_slot(slot_id: int, *, actor: User | None = None, reason: str = "") -> TimeSlot:
    """Take a free slot out of booking; SlotInUse when somebody has it.  It stays closed."""
    slot = _locked_slot(slot_id)
    if slot.status in (SlotStatus.HELD, SlotStatus.BOOKED):
        raise SlotInUse(status=slot.status)
    move(slot, SlotStatus.CLOSED, actor=actor, reason=reason)
    return slot


@transact
def reopen_slot(
    slot_id: int, *, actor: User | None = None, now: datetime | None = None
) -> TimeSlot:
    """Offer a closed slot again; SlotTimeInvalid when its time has come."""
    slot = _locked_slot(slot_id)
    if slot.status in (SlotStatus.HELD, SlotStatus.BOOKED):
        raise SlotInUse(status=slot.status)
    if slot.start_at <= (now or timezone.now()):
        raise SlotTimeInvalid(start_at=slot.start_at)
    move(slot, SlotStatus.OPEN, actor=actor)
    return slot


@transact
def remove_template(template_id: int, *, now: datetime | None = None) -> None:
    """Delete a weekly template together with the free slots it made."""
    template = WeeklyTemplate.objects.filter(pk=template_id).first()
    if template is None:
        raise NotFound
    WeeklyTemplate.objects.filter(pk=template_id).update(is_active=False)
    open_slots(template.counselor_id, now=now)
    template.delete()


def _lock_counselor(counselor_id: int) -> None:
    """Schedules of one counselor change one after the other (next to the database's own rule)."""
    if not list(Counselor.objects.locked().filter(pk=counselor_id).values_list("pk")):
        raise NotFound


def _locked_slot(slot_id: int) -> TimeSlot:
    slot = TimeSlot.objects.locked().filter(pk=slot_id).first()
    if slot is None:
        raise NotFound
    return slot
