"""Leave: asked for by counselors or for them, decided by somebody else, called off again."""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.scope import reaches
from config.db import transact
from config.errors import NotFound, ReasonNeeded
from counseling.errors import LeaveOverlap, LeaveTimeInvalid, OwnLeave
from counseling.models import Counselor, LeaveKind, LeaveRequest, LeaveStatus
from counseling.services import absence, leave_notices
from counseling.services.affected import end_holds

LONGEST = timedelta(days=366)


def preview_leave(
    counselor_id: int | None, *, actor: User, start_at: datetime, end_at: datetime,
    now: datetime | None = None,
) -> absence.Impact:  # fmt: skip
    """What leave at that time would take away; refuses what request_leave() would refuse."""
    now = now or timezone.now()
    counselor_id = _counselor_for(counselor_id, actor)
    _check_times(counselor_id, start_at, end_at, now)
    return absence.impact_on(counselor_id, start_at=start_at, end_at=end_at, now=now)


@transact
def request_leave(
    counselor_id: int | None, *, actor: User, start_at: datetime, end_at: datetime,
    reason: str = "", now: datetime | None = None,
) -> LeaveRequest:  # fmt: skip
    """Ask for leave: counselor_id None for one's own.  Nothing is closed until it is approved.

    NotFound unless it is oneself or one plans that counselor's time; LeaveTimeInvalid;
    LeaveOverlap with what is asked for or granted already.
    """
    counselor_id = _counselor_for(counselor_id, actor)
    list(Counselor.objects.locked().filter(pk=counselor_id).values_list("pk"))
    _check_times(counselor_id, start_at, end_at, now or timezone.now())
    return LeaveRequest.objects.create(
        counselor_id=counselor_id,
        start_at=start_at,
        end_at=end_at,
        reason=reason,
        requested_by=actor,
    )


def approve_leave(
    leave_id: int, *, actor: User, note: str = "", now: datetime | None = None
) -> LeaveRequest:
    """Close the free slots of that time and have every session in it handled.

    What is paid waits for its handling until its deadline; what is unpaid ends at once, each in
    a transaction of its own.  OwnLeave for who asks; LeaveTimeInvalid when it is over.
    """
    now = now or timezone.now()
    leave = _approve(leave_id, actor=actor, note=note, now=now)
    end_holds(leave.pk, actor=actor, now=now)
    return leave


@transact
def _approve(leave_id: int, *, actor: User, note: str, now: datetime) -> LeaveRequest:
    leave = _under_lock(leave_id, now)
    _check_reviewer(leave, actor)
    _check_ahead(leave, now)
    move(leave, LeaveStatus.APPROVED, actor=actor, reason=note, reviewed_by=actor,
         reviewed_at=now, review_note=note[:200])  # fmt: skip
    absence.begin(leave, now=now)
    leave_notices.decided(leave)
    return leave


@transact
def reject_leave(
    leave_id: int, *, actor: User, note: str, now: datetime | None = None
) -> LeaveRequest:
    """ReasonNeeded without a note; OwnLeave for who asks."""
    if not note:
        raise ReasonNeeded
    leave = _locked(leave_id)
    _check_reviewer(leave, actor)
    move(leave, LeaveStatus.REJECTED, actor=actor, reason=note, reviewed_by=actor,
         reviewed_at=now or timezone.now(), review_note=note[:200])  # fmt: skip
    leave_notices.decided(leave)
    return leave


@transact
def withdraw_leave(
    leave_id: int, *, actor: User, reason: str = "", now: datetime | None = None
) -> LeaveRequest:
    """Take a request back; of leave that was granted, open its slots and keep what is unhandled.

    By its counselor or who plans their time, NotFound otherwise; LeaveTimeInvalid when it is over.
    """
    now = now or timezone.now()
    leave = _under_lock(leave_id, now)
    _counselor_for(leave.counselor_id, actor)
    _check_ahead(leave, now)
    if leave.status != LeaveStatus.APPROVED:
        move(leave, LeaveStatus.WITHDRAWN, actor=actor, reason=reason)
        return leave
    move(leave, LeaveStatus.ENDED, actor=actor, reason=reason)
    absence.end(leave, actor=actor, now=now)
    return leave


def impact_of(leave: LeaveRequest, *, now: datetime | None = None) -> absence.Impact:
    """What it would take away while it waits, what it took away since it was approved."""
    if leave.status == LeaveStatus.PENDING:
        span = {"start_at": leave.start_at, "end_at": leave.end_at}
        return absence.impact_on(leave.counselor_id, now=now or timezone.now(), **span)
    return absence.impact_of(leave)


def _counselor_for(counselor_id: int | None, actor: User) -> int:
    """The counselor meant, if their time is `actor`'s to plan."""
    own = Counselor.objects.filter(user_id=actor.pk).values_list("pk", flat=True).first()
    if counselor_id is None or counselor_id == own:
        if own is None:
            raise NotFound
        return own
    if not Counselor.objects.filter(pk=counselor_id).exists() or not reaches(
        Counselor, counselor_id, actor, "counseling.add_leaverequest"
    ):
        raise NotFound
    return counselor_id


def _check_times(counselor_id: int, start_at: datetime, end_at: datetime, now: datetime) -> None:
    if not (start_at < end_at and now < end_at and end_at - start_at <= LONGEST):
        raise LeaveTimeInvalid
    asked = LeaveRequest.objects.filter(
        counselor_id=counselor_id,
        kind=LeaveKind.LEAVE,
        status__in=(LeaveStatus.PENDING, LeaveStatus.APPROVED),
    )
    clash = asked.within(start_at, end_at).first()
    if clash is not None:
        raise LeaveOverlap(leave_id=clash.pk)


def _check_ahead(leave: LeaveRequest, now: datetime) -> None:
    if leave.end_at <= now:
        raise LeaveTimeInvalid


def _check_reviewer(leave: LeaveRequest, actor: User) -> None:
    if actor.pk == leave.counselor.user_id:
        raise OwnLeave


def _under_lock(leave_id: int, now: datetime) -> LeaveRequest:
    """The request, locked after the schedule it concerns; its times never change."""
    leave = _leave().filter(pk=leave_id).first()
    if leave is None:
        raise NotFound
    absence.lock_schedule(leave.counselor_id, leave.start_at, leave.end_at, now)
    return _locked(leave_id)


def _locked(leave_id: int) -> LeaveRequest:
    leave = _leave().locked().filter(pk=leave_id).first()
    if leave is None:
        raise NotFound
    return leave


def _leave():
    """Suspensions are written in the same table, but nobody asks for those."""
    return LeaveRequest.objects.filter(kind=LeaveKind.LEAVE)
