"""Doing what the outbox asks: each row is claimed, sent, marked."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.channels import ChannelError
from accounts.models import Notification, NotificationStatus
from accounts.services.preferences import Wishes

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 6
BACK_OFF_SECONDS = (5, 15, 60, 300, 1800)
# A row whose worker died while sending is taken up again after this long; longer than any
# channel's calls and their time-outs together.
ABANDONED_AFTER = timedelta(seconds=45)
# How long a notice waits for an older one about the same thing that is on its way.
BEHIND_ANOTHER = timedelta(seconds=2)


def send_pending(limit: int = 200) -> int:
    """Send what is due in the outbox, oldest first; how many went out.

    Each row is claimed by a conditional UPDATE before it is sent, so two workers never send
    it both.  A worker killed between sending and marking is the one way to a second copy.  A row
    that cannot be sent for whatever reason stops none of the others (invariants Q-3).  What
    people switched off and their quiet hours are looked at here and not when a notice is asked
    for: whoever causes one waits for nothing, and a change counts for what still waits.
    """
    _take_up_abandoned()
    due = Notification.objects.filter(
        status=NotificationStatus.PENDING, due_at__lte=timezone.now()
    ).select_related("user")
    notes = list(due.order_by("due_at", "pk")[:limit])
    if not notes:
        return 0
    wishes = Wishes(notes)
    return sum(_send(note) for note in notes if not _held_back(note, wishes))


def _held_back(note: Notification, wishes: Wishes) -> bool:
    """Put aside what the person does not want, and put off what comes at a quiet hour."""
    ours = Notification.objects.filter(
        pk=note.pk, status=NotificationStatus.PENDING, attempts=note.attempts
    )
    if wishes.declined(note):
        ours.update(status=NotificationStatus.SKIPPED)
        return True
    later = wishes.quiet_until(note, timezone.now())
    if later:
        ours.update(due_at=later)
    return later is not None


def _take_up_abandoned() -> None:
    abandoned = Notification.objects.filter(
        status=NotificationStatus.SENDING, due_at__lt=timezone.now() - ABANDONED_AFTER
    )
    abandoned.filter(attempts__gte=MAX_ATTEMPTS).update(
        status=NotificationStatus.FAILED, error="the worker died while sending, every time"
    )
    abandoned.update(status=NotificationStatus.PENDING, due_at=timezone.now())


def _send(note: Notification) -> bool:
    attempt = note.attempts + 1
    row = Notification.objects.filter(pk=note.pk)
    claimed = row.filter(status=NotificationStatus.PENDING, attempts=note.attempts).update(
        status=NotificationStatus.SENDING, attempts=F("attempts") + 1, due_at=timezone.now()
    )
    if not claimed:
        return False
    ours = row.filter(status=NotificationStatus.SENDING, attempts=attempt)
    if out_of_turn := _out_of_turn(note):
        ours.update(attempts=note.attempts, **out_of_turn)
        return False
    try:
        message_id = channel_for(note.channel).send(note) or ""
    except ChannelError as error:
        ours.update(**_after_failure(attempt, error))
        return False
    except Exception as error:
        logger.exception("could not send notification %s", note.pk)
        ours.update(**_after_failure(attempt, ChannelError(f"{type(error).__name__}: {error}")))
        return False
    now = timezone.now()
    ours.update(status=NotificationStatus.SENT, sent_at=now, message_id=message_id, error="")
    return True


def _out_of_turn(note: Notification) -> dict:
    """What to do with a claimed notice instead of sending it, so that the last one that a person
    sees about a thing tells how it stands (invariants Q-5); {} for sending it.

    One whose time is over, and one that another has overtaken, is not sent.  One that would
    overtake another on its way waits for it.  Looked at after the claim: of two workers with one
    notice each, at least one sees what the other is about to do.
    """
    if note.expires_at and timezone.now() >= note.expires_at:
        return {"status": NotificationStatus.OVERTAKEN}
    if not note.subject:
        return {}
    known = Notification.objects.filter(user=note.user_id, subject=note.subject)
    others = known.exclude(template=note.template)
    newer = known.filter(~Q(template=note.template) | Q(replaces=True), pk__gt=note.pk)
    if newer.exists():
        return {"status": NotificationStatus.OVERTAKEN}
    if others.filter(pk__lt=note.pk, status=NotificationStatus.SENDING).exists():
        return {"status": NotificationStatus.PENDING, "due_at": timezone.now() + BEHIND_ANOTHER}
    return {}


def _after_failure(attempt: int, error: ChannelError) -> dict:
    if error.undeliverable:
        status = NotificationStatus.UNDELIVERABLE
    elif error.permanent or attempt >= MAX_ATTEMPTS:
        status = NotificationStatus.FAILED
    else:
        status = NotificationStatus.PENDING
    wait = BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS)) - 1]
    return {
        "status": status,
        "error": str(error)[:200],
        "due_at": timezone.now() + timedelta(seconds=wait),
    }


def channel_for(name: str):
    """The channel of that name in settings.NOTIFICATION_CHANNELS."""
    return import_string(settings.NOTIFICATION_CHANNELS[name])()
