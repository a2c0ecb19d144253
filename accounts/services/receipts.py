"""What became of a message after its provider took it: told by the provider, once or often."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import CodeState, Notification, NotificationStatus, PhoneCode
from accounts.services.parameters import parameter
from config.db import transact
from config.memo import memo

# What is looked at to tell whether a provider's messages arrive.
LATELY, ENOUGH = timedelta(minutes=15), 20


@dataclass(frozen=True)
class Receipt:
    """provider: "aliyun", "tencent" or "wechat".  reason: the provider's word for a failure."""

    provider: str
    message_id: str
    delivered: bool
    reason: str = ""

    @property
    def place(self) -> str:
        return message_place(self.provider, self.message_id)


def message_place(provider: str, message_id: str) -> str:
    """How a message is called on its row; empty when the provider gave no number."""
    return f"{provider}:{message_id}"[:64] if message_id else ""


@transact
def take_receipt(receipt: Receipt) -> bool:
    """Note it on the message's row; False when no message of ours is called so.

    The first receipt of a message counts, a repetition changes nothing.
    """
    reason = "" if receipt.delivered else receipt.reason or "undelivered"
    error = reason.encode("ascii", "ignore").decode()[:100]
    now, place = timezone.now(), receipt.place
    codes = PhoneCode.objects.filter(message_id=place)
    notes = Notification.objects.filter(message_id=place)
    state = CodeState.DELIVERED if receipt.delivered else CodeState.UNDELIVERED
    if codes.filter(reported_at=None).update(state=state, reported_at=now, error=error):
        return True
    sent = notes.filter(reported_at=None, status=NotificationStatus.SENT)
    if receipt.delivered:
        changed = sent.update(reported_at=now)
    else:
        changed = sent.update(reported_at=now, status=NotificationStatus.UNDELIVERABLE, error=error)
    return bool(changed) or codes.exists() or notes.exists()


@memo(10)
def failing_providers() -> frozenset[str]:
    """Whose codes did not arrive lately, by their receipts: those are tried last."""
    told = PhoneCode.objects.filter(
        created_at__gt=timezone.now() - LATELY, reported_at__isnull=False
    )
    undelivered = Count("pk", filter=Q(state=CodeState.UNDELIVERED))
    rows = told.order_by().values("provider").annotate(all=Count("pk"), lost=undelivered)
    share = parameter("SMS_SWITCH_PERCENT")
    return frozenset(
        row["provider"]
        for row in rows
        if row["all"] >= ENOUGH and row["lost"] * 100 >= share * row["all"]
    )
