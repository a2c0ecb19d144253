"""Sessions that a counselor's absence hits, handled one by one until their deadline.

Locks: the order first, as for every move of an appointment; then what services.sides says.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.utils import timezone

from accounts.models import User
from accounts.scope import reaches
from config.db import MinutesAfter, transact
from config.errors import Forbidden, NotFound
from config.sweeping import each
from counseling.errors import HandlingOver, SlotNotOfferable, SlotNotOffered
from counseling.models import (
    AffectedAppointment,
    AffectedStatus,
    Appointment,
    AppointmentStatus,
    LeaveRequest,
    Service,
    Side,
    TimeSlot,
)
from counseling.services import leave_notices
from counseling.services.appointments import call_off, cancel
from counseling.services.calendar import horizon_end
from counseling.services.outcomes import settle
from counseling.services.rescheduling import move_to_slot
from counseling.services.sides import lock_with_order

MOST_OFFERED = 10


def slots_to_offer(affected: AffectedAppointment, *, now: datetime) -> QuerySet:
    """Free slots in which the session could take place: the counselor's own, and those of
    counselors who offer the same kind of session in the same way for as long.  A counselor's
    limits per day and week bind clients alone."""
    session = affected.appointment
    same = _same_service(session).filter(counselor_id=OuterRef("counselor_id"))
    rows = TimeSlot.objects.free(now, horizon_end(now)).filter(
        Q(counselor_id=session.counselor_id) | Exists(same),
        end_at__gte=MinutesAfter(F("start_at"), Value(_minutes(session))),
    )
    return rows.exclude(counselor__user_id=session.user_id).order_by("start_at", "pk")


@transact
def offer_slots(
    affected_id: int, *, slot_ids: Iterable[int], actor: User, now: datetime | None = None
) -> AffectedAppointment:
    """Let the client choose among these slots instead of those offered before.

    The counselor offers their own time, staff anybody's.  SlotNotOfferable names what does not
    fit; HandlingOver past the deadline.  Nothing is held: who chooses first has it.
    """
    now = now or timezone.now()
    affected = _locked(affected_id)
    by_staff = _check_handler(affected, actor)
    _check_open(affected, now)
    wanted = set(slot_ids)
    rows = slots_to_offer(affected, now=now).filter(pk__in=wanted)
    if not by_staff:
        rows = rows.filter(counselor_id=affected.leave.counselor_id)
    found = {slot.pk for slot in rows}
    if found != wanted or not wanted:
        raise SlotNotOfferable(slot_ids=sorted(wanted - found))
    affected.offered_slots.set(found)
    affected.offered_by, affected.offered_at = actor, now
    affected.save(update_fields=["offered_by", "offered_at", "updated_at"])
    leave_notices.offered(
        affected.appointment_id, offer=f"{now:%Y%m%d%H%M%S%f}", deadline=affected.deadline_at
    )
    return affected


@transact
def accept_offer(
    affected_id: int, *, slot_id: int, actor: User, now: datetime | None = None
) -> Appointment:
    """The client chooses one of the times offered; price and policy stay as they were booked.

    NotFound for anybody else, SlotNotOffered, HandlingOver, and what booking refuses: somebody
    may have been first.
    """
    now = now or timezone.now()
    affected = _get(affected_id)
    if affected.appointment.user_id != actor.pk:
        raise NotFound
    appointment = _lock_open(affected)
    _check_open(affected, now)
    slot = affected.offered_slots.filter(pk=slot_id).first()
    if slot is None:
        raise SlotNotOffered
    return move_to_slot(
        appointment,
        slot.pk,
        side=Side.COUNSELOR,
        actor=actor,
        reason=_why(affected.leave),
        service=_service_in(slot, appointment),
        now=now,
    )


@transact
def decline_offer(affected_id: int, *, actor: User, now: datetime | None = None) -> None:
    """The client wants none of it: cancelled with full refund; NotFound for anybody else."""
    affected = _get(affected_id)
    if affected.appointment.user_id != actor.pk:
        raise NotFound
    _lock_open(affected)
    cancel(affected.appointment_id, actor=actor, reason="不接受改约", now=now)


@transact
def cancel_affected(
    affected_id: int, *, actor: User, reason: str = "", now: datetime | None = None
) -> None:
    """The counselor or staff give the whole price back at once."""
    affected = _get(affected_id)
    _check_handler(affected, actor)
    _lock_open(affected)
    call_off(affected.appointment_id, actor=actor, reason=reason or _why(affected.leave), now=now)


def end_holds(leave_id: int, *, actor: User | None, now: datetime) -> int:
    """End what is hit and not paid for yet; how many.  What fails is left to resolve_due()."""
    unpaid = AffectedAppointment.objects.unsettled().filter(
        leave_id=leave_id, appointment__status=AppointmentStatus.PENDING_PAYMENT
    )
    return each(unpaid.values_list("pk", flat=True), _resolve_due, actor=actor, now=now)


def resolve_due(*, now: datetime | None = None, limit: int = 500) -> int:
    """Cancel with full refund what nobody handled in time, and end unpaid holds; how many."""
    now = now or timezone.now()
    rows = AffectedAppointment.objects.unsettled().order_by("deadline_at")
    late = rows.filter(deadline_at__lte=now).values_list("pk", flat=True)[:limit]
    unpaid = rows.filter(appointment__status=AppointmentStatus.PENDING_PAYMENT)
    due = {*late, *unpaid.values_list("pk", flat=True)[:limit]}
    return each(sorted(due), _resolve_due, actor=None, now=now)


@transact
def _resolve_due(affected_id: int, *, actor: User | None, now: datetime) -> bool:
    """What the client paid for meanwhile is handled like the others, until its deadline."""
    affected = _get(affected_id)
    appointment = _lock_open(affected, strict=False)
    if appointment is None:
        return False
    unpaid = appointment.status == AppointmentStatus.PENDING_PAYMENT
    if not unpaid and now < affected.deadline_at:
        return False
    if unpaid or appointment.status == AppointmentStatus.CONFIRMED:
        call_off(appointment.pk, actor=actor, reason=_why(affected.leave), now=now)
    else:
        settle(appointment)
    return True


def _minutes(session: Appointment) -> int:
    return (session.end_at - session.start_at) // timedelta(minutes=1)


def _same_service(session: Appointment) -> QuerySet:
    """Who else offers such a session; one service of a counselor at most (service_once)."""
    return Service.objects.filter(
        is_active=True, kind=session.kind, mode=session.mode, minutes=_minutes(session)
    )


def _service_in(slot: TimeSlot, session: Appointment) -> Service | None:
    """What another counselor calls such a session; None in a slot of its own counselor."""
    if slot.counselor_id == session.counselor_id:
        return None
    service = _same_service(session).filter(counselor_id=slot.counselor_id).first()
    if service is None:  # not on offer any more
        raise SlotNotOfferable(slot_ids=[slot.pk])
    return service


def _why(leave: LeaveRequest) -> str:
    return f"咨询师{leave.get_kind_display()}"


def _check_handler(affected: AffectedAppointment, actor: User) -> bool:
    """Whether `actor` is staff (or the counselor who is away); NotFound for strangers."""
    if affected.appointment.user_id == actor.pk:
        raise Forbidden
    if affected.leave.counselor.user_id == actor.pk:
        return False
    handling = "counseling.handle_affectedappointment"
    if not reaches(AffectedAppointment, affected.pk, actor, handling):
        raise NotFound
    return True


def _check_open(affected: AffectedAppointment, now: datetime) -> None:
    affected.TRANSITIONS.check(affected.status, AffectedStatus.MOVED)
    if now >= affected.deadline_at:
        raise HandlingOver(deadline_at=affected.deadline_at)


def _lock_open(affected: AffectedAppointment, *, strict: bool = True) -> Appointment | None:
    """Its appointment under the order's lock, if it is still open then; IllegalTransition, or
    None when not strict, if it is not."""
    _, appointment = lock_with_order(affected.appointment_id)
    affected.refresh_from_db(fields=["status", "deadline_at"])
    if strict:
        affected.TRANSITIONS.check(affected.status, AffectedStatus.CANCELLED)
    return appointment if affected.status == AffectedStatus.OPEN else None


def _get(affected_id: int) -> AffectedAppointment:
    rows = AffectedAppointment.objects.select_related("appointment", "leave__counselor")
    affected = rows.filter(pk=affected_id).first()
    if affected is None:
        raise NotFound
    return affected


def _locked(affected_id: int) -> AffectedAppointment:
    """Under the row's own lock alone: an offer moves nothing else."""
    if not list(AffectedAppointment.objects.locked().filter(pk=affected_id).values_list("pk")):
        raise NotFound
    return _get(affected_id)
