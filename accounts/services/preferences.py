"""What people want to get by which channel, and when not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone

from accounts.errors import NoticeMandatory, NoticeUnknown
from accounts.models import (
    Channel,
    NoticeKind,
    Notification,
    NotificationPreference,
    NotificationTemplate,
    QuietHours,
    User,
)
from config.db import transact

MANDATORY = {NoticeKind.SECURITY, NoticeKind.MONEY}
KEEP = object()  # None means something: no quiet hours


@dataclass(frozen=True)
class Choice:
    """One notice by one channel.  mandatory: it cannot be switched off."""

    template: str
    title: str
    kind: str
    channel: str
    enabled: bool
    mandatory: bool


def choices_of(user: User) -> list[Choice]:
    """All that can leave the app for a person; the message centre always has everything."""
    said = {
        (row.template, row.channel): row.enabled
        for row in NotificationPreference.objects.filter(user=user)
    }
    return [
        Choice(
            words.code, words.title, words.kind, channel,
            enabled=words.kind in MANDATORY or said.get((words.code, channel), True),
            mandatory=words.kind in MANDATORY,
        )
        for words in NotificationTemplate.objects.order_by("code")
        for channel in words.channels
        if channel != Channel.IN_APP
    ]  # fmt: skip


@transact
def change_preferences(
    user: User,
    *,
    wanted: Iterable[tuple[str, str, bool]] = (),
    quiet_hours: Mapping[str, time] | object | None = KEEP,
) -> None:
    """Save (template, channel, enabled) for each, the last word on a pair counting, and the quiet
    hours {start, end}, or None for none.

    Raises NoticeUnknown for a notice that does not go by that channel and NoticeMandatory for
    switching off what tells of security or money; nothing is saved then.
    """
    last = {(template, channel): enabled for template, channel, enabled in wanted}
    known = {(choice.template, choice.channel): choice for choice in choices_of(user)}
    for (template, channel), enabled in sorted(last.items()):
        choice = known.get((template, channel))
        if choice is None:
            raise NoticeUnknown(template=template, channel=channel)
        if choice.mandatory and not enabled:
            raise NoticeMandatory(template=template, channel=channel)
        NotificationPreference.objects.update_or_create(
            user=user, template=template, channel=channel, defaults={"enabled": enabled}
        )
    if quiet_hours is None:
        QuietHours.objects.filter(user=user).delete()
    elif quiet_hours is not KEEP:
        QuietHours.objects.update_or_create(user=user, defaults=dict(quiet_hours))


def quiet_hours_of(user: User) -> QuietHours | None:
    return QuietHours.objects.filter(user=user).first()


class Wishes:
    """What the people of one batch of notices want; two statements, three when any wants some."""

    def __init__(self, notes: Iterable[Notification]):
        people = {note.user_id for note in notes}
        self._off = set(
            NotificationPreference.objects.filter(user__in=people, enabled=False).values_list(
                "user_id", "template", "channel"
            )
        )
        self._quiet = {row.user_id: row for row in QuietHours.objects.filter(user__in=people)}
        words = NotificationTemplate.objects.all() if self._off or self._quiet else []
        self._kinds = {row.code: row.kind for row in words}

    def declined(self, note: Notification) -> bool:
        off = (note.user_id, note.template, note.channel) in self._off
        return off and self._kinds.get(note.template) not in MANDATORY

    def quiet_until(self, note: Notification, now: datetime) -> datetime | None:
        """The end of the quiet hours that `now` is in; security never waits."""
        hours = self._quiet.get(note.user_id)
        if hours is None or self._kinds.get(note.template) == NoticeKind.SECURITY:
            return None
        return end_of_quiet(now, hours.start, hours.end)


def end_of_quiet(now: datetime, start: time, end: time) -> datetime | None:
    """When the quiet that `now` is in ends; None outside of it.  Both clocks are Shanghai's."""
    local = timezone.localtime(now)
    clock = local.time()
    inside = start <= clock < end if start < end else clock >= start or clock < end
    if not inside:
        return None
    over = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return over if over > local else over + timedelta(days=1)
