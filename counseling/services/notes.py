"""What counselors write about sessions, for themselves; others read it by note_access alone."""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from accounts.services.parameters import parameter
from config.db import transact
from config.errors import NotFound
from counseling.errors import NoteLocked, NoteNotPossible, NotStartedYet
from counseling.models import Appointment, AppointmentStatus, SessionNote

_NOT_HELD = (
    AppointmentStatus.PENDING_PAYMENT,
    AppointmentStatus.CANCELLED,
    AppointmentStatus.EXPIRED,
)


@transact
def write_note(
    appointment_id: int, *, author: User, note: str, now: datetime | None = None
) -> SessionNote:
    """A note, or one more, about a session of one's own that has begun.

    It can be changed for NOTE_EDIT_DAYS.
    """
    now = now or timezone.now()
    held = Appointment.objects.filter(pk=appointment_id, counselor__user_id=author.pk)
    appointment = held.first()
    if appointment is None:
        raise NotFound
    if appointment.status in _NOT_HELD:
        raise NoteNotPossible(status=appointment.status)
    if now < appointment.start_at:
        raise NotStartedYet(start_at=appointment.start_at)
    return SessionNote.objects.create(
        appointment=appointment, author=author, note=note,
        locks_at=now + timedelta(days=parameter("NOTE_EDIT_DAYS")),
    )  # fmt: skip


@transact
def change_note(
    note_id: int, *, author: User, note: str, now: datetime | None = None
) -> SessionNote:
    row = _locked_open(note_id, author, now or timezone.now())
    row.note = note
    row.save(update_fields=["note", "updated_at"])
    return row


@transact
def lock_note(note_id: int, *, author: User, now: datetime | None = None) -> SessionNote:
    """It is as it should be: from now on nobody changes it."""
    now = now or timezone.now()
    row = _locked_open(note_id, author, now)
    row.locks_at = now
    row.save(update_fields=["locks_at", "updated_at"])
    return row


def _locked_open(note_id: int, author: User, now: datetime) -> SessionNote:
    row = SessionNote.objects.visible_to(author).locked().filter(pk=note_id).first()
    if row is None:
        raise NotFound
    if now >= row.locks_at:
        raise NoteLocked(locks_at=row.locks_at)
    return row
