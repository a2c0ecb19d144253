"""What accounts keeps about a person; see accounts.services.holdings."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import models
from accounts.audit import move
from accounts.models import (
    AccountDeletion,
    EmailCode,
    ExportJob,
    ExportStatus,
    PhoneCode,
    RateCounter,
    User,
)
from accounts.services.holdings import PSEUDONYM, Blocker, Holding
from accounts.services.roles import super_admins
from config.sealing import blind_indexes


def _codes(user: User) -> QuerySet:
    """Those to the person's number, and those the person asked for."""
    asked = Q(asker=str(user.pk))
    return PhoneCode.objects.filter(asked | Q(phone=user.phone) if user.phone else asked)


def _mails(user: User) -> QuerySet:
    return EmailCode.objects.filter(email=user.email) if user.email else EmailCode.objects.none()


def _counters(user: User) -> QuerySet:
    phones = blind_indexes("phone", user.phone) if user.phone else ()
    emails = blind_indexes("email", user.email) if user.email else ()
    keys = [*(f"sms:phone:{index}" for index in phones), *(f"mail:to:{index}" for index in emails)]
    return RateCounter.objects.filter(key__in=[f"sms:asker:{user.pk}", *keys])


def _office_entries(user: User) -> QuerySet:
    kind = ContentType.objects.get_for_model(User)
    return LogEntry.objects.filter(content_type=kind, object_id=str(user.pk))


HOLDINGS = (
    Holding(models.WeChatIdentity),
    Holding(models.LoginSession, hidden=("sid",)),
    Holding(models.RefreshToken, "session__user", hidden=("jti",)),
    Holding(models.LoginGuard, hidden=("key",)),
    Holding(PhoneCode, _codes, hidden=("digest",)),
    Holding(EmailCode, _mails, hidden=("digest",)),
    Holding(RateCounter, _counters, hidden=("key",)),
    Holding(models.UserPassword, hidden=("history",)),
    Holding(models.SecondFactor, hidden=("secret", "pending_secret", "last_step")),
    Holding(models.RecoveryCode, hidden=("digest",)),
    Holding(models.IdempotencyRecord, hidden=("key", "fingerprint", "answer")),
    Holding(models.Notification, hidden=("dedupe_key", "subject")),
    Holding(models.NotificationPreference),
    Holding(models.QuietHours),
    Holding(models.SubscribeQuota),
    Holding(models.UserTagging),
    Holding(models.ActiveDay),
    Holding(models.UserSegment),
    Holding(models.SubscribeAnswer),
    Holding(models.ApiKey, "owner", hidden=("digest", "minute", "used")),
    # Kept: who agreed to what, who logged in from where (180 days by law), who moved what.
    Holding(models.Consent, clear={"ip_address": None}),
    Holding(
        models.LoginLog, clear={"account": "", "device_name": "", "platform": ""},
        keep=("reason", "ip_address", "user_agent", "method"), hidden=("unexamined",),
    ),
    Holding(models.StatusChange, "actor", clear={"reason": ""}, keep=("model", "old", "new")),
    Holding(AccountDeletion, clear={"reason": ""}, keep=("blocked_by",)),
    Holding(
        ExportJob, "requested_by", clear={"sealed_filters": "", "reason": "-"},
        keep=("kind", "columns", "error", "key", "fingerprint", "reach"),
        hidden=("key", "fingerprint"),
    ),
    Holding(LogEntry, _office_entries, clear={"object_repr": PSEUDONYM, "change_message": ""},
            keep=("object_id",)),
    Holding(
        User,
        "pk",
        clear={
            "username": None, "phone": None, "email": None, "nickname": PSEUDONYM, "avatar": "",
            "gender": "", "birthday": None, "password": "!", "last_login": None,
            "is_staff": False, "is_superuser": False, "organisation": None,
        },
        keep=("row_key",),
        hidden=("password", "row_key", "token_version", "permission_version"),
    ),
)  # fmt: skip

IMPERSONAL = {
    models.Agreement: "texts of ours",
    models.AuditSeal: "digests over the operation log",
    models.CachePurge: "what staff emptied",
    models.Menu: "pages of the back office",
    models.NotificationTemplate: "words of ours",
    models.OperationLog: "what staff did, sealed: kept for 180 days, then archived",
    models.Organisation: "where staff work",
    models.ParameterChange: "what staff set",
    models.Role: "roles",
    models.StatFigure: "sums without names",
    models.UserTag: "what staff call groups of people",
    models.SecretParameter: "what staff set",
    models.WeChatEvent: "hashes of events, without whom they were about",
}


def lock(user: User) -> None:
    """The person's own row is locked already."""


def blockers(user: User) -> list[Blocker]:
    if user.is_superuser or super_admins().filter(pk=user.pk).exists():
        return [Blocker("super_admin", _("是超级管理员，请先由另一位超级管理员移除该角色"))]
    if user.is_staff:
        return [Blocker("staff", _("是工作人员，请先由管理员移除后台角色"))]
    return []


def erase(user: User) -> None:
    """Exports under way stop, and drop_expired() takes the files that are there."""
    user.groups.clear()
    user.user_permissions.clear()
    exports, now = ExportJob.objects.locked().filter(requested_by=user), timezone.now()
    for job in exports.live():
        move(job, ExportStatus.CANCELLED, reason="账号注销", finished_at=now)
    exports.filter(status=ExportStatus.READY).update(expires_at=now)
