"""Leave to send subscribe messages: asked for at scenes, counted, used up by sending."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Channel, NotificationTemplate, SubscribeAnswer, SubscribeQuota, User
from config.db import transact

# wx.requestSubscribeMessage takes three templates in one call.
ASKED_AT_ONCE = 3
# The mini-program's report and WeChat's event of one tap are at most this far apart.
TOLD_WITHIN = timedelta(minutes=5)


class Answer(models.TextChoices):
    """What wx.requestSubscribeMessage says of one template."""

    ACCEPT = "accept", "接受"
    REJECT = "reject", "拒绝"
    BAN = "ban", "已被后台封禁"
    FILTER = "filter", "因标题重复被过滤"


@dataclass(frozen=True)
class Leave:
    """remaining: how many messages of that WeChat template the person still takes, as we think."""

    template_id: str
    title: str
    remaining: int


def templates_to_ask(user: User, *, scene: str) -> list[Leave]:
    """What to ask `user` for at `scene`, at most three: first what runs out first."""
    words = [row for row in _subscribable() if row.scene == scene]
    leaves = sorted(_leaves(user, words), key=lambda leave: leave.remaining)
    return leaves[:ASKED_AT_ONCE]


@transact
def take_answers(user: User, *, results: Mapping[str, str]) -> list[Leave]:
    """Count what the person accepted; what stands of the templates they were asked for.

    Every accept is leave for one message more, and only accept changes anything: a no takes
    back none of the earlier yeses.  Templates that are not ours are passed over.
    """
    words = [row for row in _subscribable() if row.wechat_template_id in results]
    for template_id in sorted({row.wechat_template_id for row in words}):
        if results[template_id] == Answer.ACCEPT:
            _take_yes(user, template_id, SubscribeAnswer.Source.CLIENT)
    return _leaves(user, words)


def message_sent(user: User, template_id: str) -> None:
    """One leave is used up."""
    _quota(user, template_id).filter(remaining__gt=0).update(
        remaining=F("remaining") - 1, updated_at=timezone.now()
    )


def message_refused(user: User, template_id: str) -> None:
    """WeChat says that there is no leave (43101), whatever we thought."""
    _quota(user, template_id).update(remaining=0, updated_at=timezone.now())


@transact
def pushed_yes(user: User, template_id: str) -> None:
    """WeChat tells of a yes, which the mini-program may have told of or may yet."""
    if any(row.wechat_template_id == template_id for row in _subscribable()):
        _take_yes(user, template_id, SubscribeAnswer.Source.EVENT)


def taken_back(user: User, template_id: str) -> None:
    """The person closed the template in WeChat: what was granted is void."""
    message_refused(user, template_id)


def all_taken_back(user: User) -> None:
    """No template of the person's counts any more."""
    SubscribeQuota.objects.filter(user=user).update(remaining=0, updated_at=timezone.now())


def _take_yes(user: User, template_id: str, source: str) -> None:
    """Count a yes, once, whichever of its two tellers comes first.  In a transaction."""
    now = timezone.now()
    _hold(user, template_id)
    mine = SubscribeAnswer.objects.filter(user=user, template_id=template_id, paired=False)
    told = mine.filter(created_at__gt=now - TOLD_WITHIN).exclude(source=source)
    other = told.order_by("pk").first()
    if other is not None:
        mine.filter(pk=other.pk).update(paired=True)
        return
    SubscribeAnswer.objects.create(
        user=user, template_id=template_id, source=source, created_at=now
    )
    _quota(user, template_id).update(remaining=F("remaining") + 1, updated_at=now)


def _hold(user: User, template_id: str) -> None:
    """Lock the quota's row, made now if there is none, until the transaction ends."""
    now, quota = timezone.now(), _quota(user, template_id)
    if quota.update(updated_at=now):
        return
    try:
        with transaction.atomic():
            SubscribeQuota.objects.create(user=user, template_id=template_id, updated_at=now)
    except IntegrityError:  # another request was first
        quota.update(updated_at=now)


def _quota(user: User, template_id: str):
    return SubscribeQuota.objects.filter(user=user, template_id=template_id)


def _subscribable() -> list[NotificationTemplate]:
    """A dozen rows at most; SQLite cannot look into a JSON list."""
    rows = NotificationTemplate.objects.exclude(wechat_template_id="").order_by("code")
    return [row for row in rows if Channel.SUBSCRIBE in row.channels]


def _leaves(user: User, words: list[NotificationTemplate]) -> list[Leave]:
    ids = {row.wechat_template_id: row.title for row in words}
    have = dict(
        SubscribeQuota.objects.filter(user=user, template_id__in=ids).values_list(
            "template_id", "remaining"
        )
    )
    return [Leave(pk, title, have.get(pk, 0)) for pk, title in ids.items()]
