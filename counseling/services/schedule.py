"""When counselors have time: rules become slots; staff add, close and reopen some."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.parameters import parameter
from config.db import transact
from config.errors import NotFound
from config.sweeping import each
from counseling.errors import CounselorOnLeave, SlotInUse, SlotOverlap, SlotTimeInvalid
from counseling.models import (
    Appointment,
    Counselor,
    ScheduleException,
    SlotStatus,
    TimeSlot,
    WeeklyTemplate,
)
from counseling.services.schedule_rules import Span, Stretch, leave_spans, wanted_slots


def open_slots(
    counselor_id: int | None = None, *, now: datetime | None = None, days: int | None = None
) -> int:
    """Make the slots that the rules yield for the next `days` business days; how many.

    All counselors who have rules, or the one given, each in a transaction of its own: a process
    that is killed leaves whole counselors.  A second call makes nothing.  Held and booked slots
    are never touched; free ones that no rule yields any more, or an absence covers, go away.
    """
    now = now or timezone.now()
    days = parameter("SLOT_HORIZON_DAYS") if days is None else days
    if counselor_id is not None:
        return _open_slots(counselor_id, now=now, days=days)
    with_rules = {
        pk
        for rules in (WeeklyTemplate, ScheduleException)
        for pk in rules.objects.order_by().values_list("counselor_id", flat=True).distinct()
    }
    return each(sorted(with_rules), _open_slots, now=now, days=days)


@transact
def _open_slots(counselor_id: int, *, now: datetime, days: int) -> int:
    lock_counselor(counselor_id)
    wanted = {(one.start, one.end): one for one in wanted_slots(counselor_id, now=now, days=days)}
    ahead = TimeSlot.objects.filter(counselor_id=counselor_id, end_at__gt=now)
    _drop_stale(ahead, wanted, now)
    taken = list(_standing(ahead))
    fresh = [
        TimeSlot(
            counselor_id=counselor_id, template_id=one.template_id,
            exception_id=one.exception_id, start_at=one.start, end_at=one.end,
        )
        for one in wanted.values() if one.fits(taken)
    ]  # fmt: skip
    TimeSlot.objects.bulk_create(fresh)
    return len(fresh)


def _standing(slots: QuerySet) -> Iterator[Stretch]:
    """Slots with the breaks of the rules they came from; one made by hand wants none."""
    columns = ("start_at", "end_at", "template__break_minutes", "exception__break_minutes")
    for start, end, weekly, special in slots.order_by().values_list(*columns):
        yield Stretch(start, end, timedelta(minutes=weekly or special or 0))


def _drop_stale(ahead: QuerySet, wanted: dict[Span, Stretch], now: datetime) -> None:
    """Take away free slots that no rule yields any more; those with a history are closed.

    Rows that a booking holds at this moment are skipped: it decides what becomes of them.
    """
    by_rule = Q(template__isnull=False) | Q(exception__isnull=False)
    free = ahead.filter(by_rule, status=SlotStatus.OPEN, start_at__gt=now)
    stale = []
    for slot in free.select_for_update(skip_locked=True):
        rule = wanted.get((slot.start_at, slot.end_at))
        if rule is None:
            stale.append(slot.pk)
        elif (slot.template_id, slot.exception_id) != (rule.template_id, rule.exception_id):
            TimeSlot.objects.filter(pk=slot.pk).update(
                template_id=rule.template_id, exception_id=rule.exception_id
            )
    had_one = Exists(Appointment.objects.filter(slot=OuterRef("pk")))
    rows = TimeSlot.objects.filter(pk__in=stale, status=SlotStatus.OPEN)
    closing = list(rows.filter(had_one).values_list("pk", flat=True))
    rows.filter(pk__in=closing).update(status=SlotStatus.CLOSED, updated_at=timezone.now())
    rows.exclude(pk__in=closing).delete()


@transact
def create_slots(
    counselor_id: int, *, spans: Iterable[Span], now: datetime | None = None
) -> list[TimeSlot]:
    """Add free slots, all or none; SlotOverlap when one clashes, SlotTimeInvalid in the past,
    CounselorOnLeave."""
    now = now or timezone.now()
    lock_counselor(counselor_id)
    made = []
    for start, end in sorted(spans):
        if not now < start < end:
            raise SlotTimeInvalid(start_at=start)
        if leave_spans(counselor_id, start, end):
            raise CounselorOnLeave(start_at=start)
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
    """Offer a closed slot again; SlotTimeInvalid when its time has come, CounselorOnLeave."""
    slot = _locked_slot(slot_id)
    if slot.status in (SlotStatus.HELD, SlotStatus.BOOKED):
        raise SlotInUse(status=slot.status)
    if slot.start_at <= (now or timezone.now()):
        raise SlotTimeInvalid(start_at=slot.start_at)
    if slot.leave_id is not None:
        raise CounselorOnLeave(start_at=slot.start_at)
    move(slot, SlotStatus.OPEN, actor=actor)
    return slot


def lock_counselor(counselor_id: int) -> None:
    """Schedules of one counselor change one after the other (next to the database's own rule)."""
    if not list(Counselor.objects.locked().filter(pk=counselor_id).values_list("pk")):
        raise NotFound


def _locked_slot(slot_id: int) -> TimeSlot:
    slot = TimeSlot.objects.locked().filter(pk=slot_id).first()
    if slot is None:
        raise NotFound
    return slot
