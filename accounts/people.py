"""What accounts shows about a person; see accounts.services.people."""

from accounts.models import Consent, ExportJob, LoginLog, LoginSession, Notification, UserTagging
from accounts.services.export_kinds import kind_label
from accounts.services.people import Section
from config.admin import badge


def _state(row) -> str:
    return badge(row.status, row.get_status_display())


_TAGGINGS = UserTagging.objects.select_related("tag", "tagged_by")

SECTIONS = [
    Section(
        "tags", "标签", "accounts.view_usertag",
        lambda pk: _TAGGINGS.filter(user=pk).order_by("-pk"),
        {
            "标签": lambda row: row.tag.name,
            "说明": lambda row: row.tag.description,
            "操作人": lambda row: row.tagged_by or "-",
            "时间": lambda row: row.created_at,
        },
    ),
    Section(
        "sessions", "登录设备", "accounts.view_loginsession",
        lambda pk: LoginSession.objects.filter(user=pk).order_by("-pk"),
        {
            "设备": lambda row: row.device_name or "-",
            "平台": lambda row: row.platform or "-",
            "IP 地址": lambda row: row.ip_address or "-",
            "登录时间": lambda row: row.created_at,
            "最近活动": lambda row: row.last_seen_at,
            "状态": lambda row: "已撤销" if row.revoked_at else "有效",
        },
        page="accounts.loginsession",
    ),
    Section(
        "logins", "登录日志", "accounts.view_loginlog",
        lambda pk: LoginLog.objects.filter(user=pk).order_by("-pk"),
        {
            "时间": lambda row: row.created_at,
            "结果": lambda row: "成功" if row.succeeded else "失败",
            "原因": lambda row: row.reason or "-",
            "IP 地址": lambda row: row.ip_address or "-",
        },
        page="accounts.loginlog",
    ),
    Section(
        "consents", "同意记录", "accounts.view_consent",
        lambda pk: Consent.objects.filter(user=pk).select_related("agreement").order_by("-pk"),
        {
            "协议": lambda row: str(row.agreement),
            "同意时间": lambda row: row.agreed_at,
            "撤回时间": lambda row: row.withdrawn_at or "-",
        },
        page="accounts.consent",
    ),
    Section(
        "notices", "通知", "accounts.view_notification",
        lambda pk: Notification.objects.filter(user=pk).order_by("-pk"),
        {
            "标题": lambda row: row.title or row.template,
            "渠道": lambda row: row.get_channel_display(),
            "状态": _state,
            "创建时间": lambda row: row.created_at,
        },
        page="accounts.notification",
    ),
    Section(
        "exports", "导出任务", "accounts.view_operationlog",
        lambda pk: ExportJob.objects.filter(requested_by=pk).order_by("-pk"),
        {
            "内容": lambda row: kind_label(row.kind),
            "行数": lambda row: row.done,
            "状态": _state,
            "创建时间": lambda row: row.created_at,
        },
        page="accounts.exportjob",
        lookup="requested_by__id__exact",
    ),
]  # fmt: skip
