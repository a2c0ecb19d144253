"""Asking for a notice: rows in the caller's transaction; accounts.services.delivery sends them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celery import signature
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone

from accounts.models import Channel, NoticeKind, Notification, NotificationStatus, User
from accounts.services.templates import all_templates, codes_of, find_template, render
from config.errors import IllegalTransition, NotFound

RESENDABLE = (NotificationStatus.FAILED, NotificationStatus.UNDELIVERABLE)


def notify(
    user: User,
    template: str,
    *,
    dedupe_key: str | None = None,
    to: str = "",
    to_email: str = "",
    subject: str = "",
    replaces: bool = False,
    expires_at: datetime | None = None,
    **context,
) -> None:
    """Put a notice for `user` into the outbox, one row per channel of the template.

    In-app messages are readable as soon as the caller's transaction commits; the rest leaves
    then.  context: what the template prints, JSON values only, nothing that is kept sealed.  to,
    to_email: a number and an address of theirs that are not theirs any more.  dedupe_key: a second
    with it is not written.  subject: what it tells of, locked by the caller: what waits about it is
    not sent any more (Q-5), of this template if it replaces those.  expires_at: not from then on.
    """
    former = {Channel.SMS: to, Channel.EMAIL: to_email}
    notify_all(
        [
            Notice(
                user.pk,
                template,
                context,
                dedupe_key=dedupe_key,
                former=former,
                subject=subject,
                replaces=replaces,
                expires_at=expires_at,
            )
        ]
    )


@dataclass(frozen=True)
class Notice:
    """What notify() is asked for; former: where to by a channel, when not to what they have now."""

    user_id: int
    template: str
    context: Mapping[str, Any]
    dedupe_key: str | None = None
    former: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""
    replaces: bool = False
    expires_at: datetime | None = None


def notify_all(notices: Sequence[Notice]) -> None:
    """notify() of many: one statement, unless one of them was written before."""
    now = timezone.now()
    rows = [row for notice in notices for row in _rows(notice, now)]
    try:
        with transaction.atomic():
            Notification.objects.bulk_create(rows)
    except IntegrityError:
        if len(notices) > 1:
            for notice in notices:
                notify_all([notice])
            return
        if notices[0].dedupe_key is None:
            raise
        return
    if any(row.status == NotificationStatus.PENDING for row in rows):
        _wake_delivery()


def _rows(notice: Notice, now: datetime) -> list[Notification]:
    words = find_template(notice.template)
    rows = [
        Notification(
            user_id=notice.user_id,
            channel=channel,
            template=notice.template,
            context=notice.context,
            address=notice.former.get(channel, ""),
            dedupe_key=notice.dedupe_key,
            subject=notice.subject,
            replaces=notice.replaces,
            expires_at=notice.expires_at,
            due_at=now,
        )
        for channel in words.channels
    ]
    for row in rows:
        if row.channel == Channel.IN_APP:
            row.title, row.body = words.title, render(words.body, notice.context)[:500]
            row.status, row.sent_at = NotificationStatus.SENT, now
    return rows


def mark_read(user: User, *, notification_id: int | None = None, kind: str = "") -> int:
    """Mark one in-app message read, or all of them, or all of a kind; how many were unread.

    NotFound when that one is not the person's.
    """
    mine = Notification.objects.visible_to(user)
    if kind:
        mine = mine.filter(template__in=codes_of(kind))
    if notification_id is not None:
        mine = mine.filter(pk=notification_id)
        if not mine.exists():
            raise NotFound
    return mine.filter(read_at=None).update(read_at=timezone.now())


def unread_by_kind(user: User) -> dict[str, int]:
    """How many messages of each kind wait in the message centre."""
    unread = Notification.objects.visible_to(user).filter(read_at=None).order_by()
    found, known = dict.fromkeys(NoticeKind.values, 0), all_templates()
    for code, count in unread.values_list("template").annotate(count=Count("pk")):
        found[known[code].kind if code in known else NoticeKind.SERVICE] += count
    return found


def resend(notification_id: int, *, actor: User) -> None:
    """Put a message that failed back into the outbox, its attempts counted anew.

    IllegalTransition unless it has failed or was undeliverable.
    """
    failed = Notification.objects.filter(pk=notification_id, status__in=RESENDABLE)
    if not failed.update(status=NotificationStatus.PENDING, attempts=0, due_at=timezone.now()):
        raise IllegalTransition
    _wake_delivery()


def _wake_delivery() -> None:
    """By name: the tasks know the services, and those this module."""
    delivering = signature("accounts.deliver_notifications")
    transaction.on_commit(delivering.delay, robust=True)
