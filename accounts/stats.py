"""Figures about people: registrations and notices that did not arrive."""

from datetime import datetime

from django.db.models import Count

from accounts.models import Notification, NotificationStatus, User, UserStatus
from accounts.scope import seen_by
from config.dashboard import TREND_DAYS, Figure, Line, Panel, Queue
from config.days import Daily, by_day


def new_users(now: datetime, *, viewer: User | None = None, count: int = TREND_DAYS) -> Daily:
    """People who registered, per day; those who left since are counted too."""
    users = User.objects.filter(status__in=UserStatus.values)  # lets user_status_created serve
    users = seen_by(users, viewer, "accounts.view_user")
    return by_day(users, "created_at", now=now, count=count, users=(Count, "pk"))["users"]


def failed_notices(viewer: User | None = None) -> int:
    failed = Notification.objects.filter(status=NotificationStatus.FAILED)
    return seen_by(failed, viewer, "accounts.view_notification").count()


def panel(user: User, now: datetime) -> Panel:
    """The dashboard's part about people."""
    figures, queues, lines = [], [], []
    if user.has_perm("accounts.view_user"):
        users = new_users(now, viewer=user)
        figures.append(Figure("新用户", users, "person_add", "admin:accounts_user_changelist"))
        lines.append(Line("近 14 天业务量", "新用户", users))
    if user.has_perm("accounts.view_notification"):
        page, query = "admin:accounts_notification_changelist", "status__exact=failed"
        queues.append(Queue("发送失败的通知", failed_notices(user), page, query))
    return Panel(figures, queues, lines)
