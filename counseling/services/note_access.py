"""Breaking the glass (P-2): who reads a session's notes besides their author, why and how long.

One asks with a reason, another approves, the client and the counselor hear of it, and it ends by
itself.  No role reads without it.  That each reading stands in the operation log is the caller's:
accounts.audit.log_request().
"""

from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.scope import reaches
from accounts.services.notifications import notify
from accounts.services.parameters import parameter
from config.changes import note_created
from config.db import transact
from config.errors import NotFound, ReasonNeeded
from counseling.errors import NoteAccessNeedsAnother, NoteAccessNotOpen, NoteAccessOwnSession
from counseling.models import AccessStatus, Appointment, NoteAccess, SessionNote

ASK, APPROVE = "counseling.request_noteaccess", "counseling.approve_noteaccess"


def request_access(appointment_id: int, *, actor: User, reason: str) -> NoteAccess:
    """Ask to read the notes of a session; whether there are any is not said."""
    if not reason.strip():
        raise ReasonNeeded
    appointment = Appointment.objects.select_related("counselor").filter(pk=appointment_id).first()
    if appointment is None or not reaches(Appointment, appointment.pk, actor, ASK):
        raise NotFound
    if actor.pk in _sides(appointment):
        raise NoteAccessOwnSession
    access = NoteAccess.objects.create(appointment=appointment, requested_by=actor, reason=reason)
    note_created(access, "appointment", "reason", "status")
    return access


@transact
def approve_access(access_id: int, *, actor: User, now: datetime | None = None) -> NoteAccess:
    """Open the notes to whoever asked, for NOTE_ACCESS_HOURS; both sides are told."""
    now = now or timezone.now()
    access = _to_decide(access_id, actor)
    move(
        access, AccessStatus.APPROVED, actor=actor, decided_by=actor, decided_at=now,
        ends_at=now + timedelta(hours=parameter("NOTE_ACCESS_HOURS")),
    )  # fmt: skip
    until = f"{timezone.localtime(access.ends_at):%Y年%m月%d日 %H:%M}"
    for user in (access.appointment.user, access.appointment.counselor.user):
        notify(user, "session_note_opened", dedupe_key=f"note_access:{access.pk}:{user.pk}",
               number=access.appointment.number, reason=access.reason, until=until)  # fmt: skip
    return access


@transact
def reject_access(access_id: int, *, actor: User, reason: str = "") -> NoteAccess:
    access = _to_decide(access_id, actor)
    move(access, AccessStatus.REJECTED, actor=actor, reason=reason, decided_by=actor,
         decided_at=timezone.now())  # fmt: skip
    return access


@transact
def close_access(access_id: int, *, actor: User) -> NoteAccess:
    """End it before its time: by whoever asked, or who may approve."""
    access = _locked(access_id)
    if actor.pk != access.requested_by_id and not reaches(NoteAccess, access.pk, actor, APPROVE):
        raise NotFound
    move(access, AccessStatus.CLOSED, actor=actor, ends_at=timezone.now())
    return access


@transact
def read_notes(access_id: int, *, actor: User, now: datetime | None = None) -> list[SessionNote]:
    """The notes of the session, for whoever asked and was allowed; counted."""
    now = now or timezone.now()
    rows = NoteAccess.objects.filter(pk=access_id, requested_by_id=actor.pk)
    if not rows.exists():
        raise NotFound
    opened = NoteAccess.objects.open_to(actor, now).filter(pk=access_id)
    if not opened.update(reads=F("reads") + 1, last_read_at=now):
        raise NoteAccessNotOpen
    appointment_id = rows.values_list("appointment_id", flat=True).get()
    notes = SessionNote.objects.filter(appointment_id=appointment_id)
    return list(notes.select_related("author").order_by("pk"))


def _to_decide(access_id: int, actor: User) -> NoteAccess:
    access = _locked(access_id)
    if not reaches(NoteAccess, access.pk, actor, APPROVE):
        raise NotFound
    if actor.pk in {access.requested_by_id, *_sides(access.appointment)}:
        raise NoteAccessNeedsAnother
    return access


def _locked(access_id: int) -> NoteAccess:
    access = NoteAccess.objects.locked().filter(pk=access_id).first()
    if access is None:
        raise NotFound
    return access


def _sides(appointment: Appointment) -> set[int]:
    return {appointment.user_id, appointment.counselor.user_id}
