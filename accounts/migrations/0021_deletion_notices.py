"""The words of notices about deleting one's account."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "deletion_requested",
        "title": "账号注销申请已提交",
        "body": "您已申请注销账号，将于 {due} 生效。在此之前可随时登录并撤销。如非本人操作，请立即撤销并修改密码。",
        "channels": ["in_app", "sms", "email"],
    },
    {
        "code": "deletion_near",
        "title": "账号即将注销",
        "body": "您的账号将于 {due} 注销，注销后资料不可恢复。如需保留，请尽快登录并撤销申请。",
        "channels": ["in_app", "sms", "email"],
    },
    {
        "code": "deletion_postponed",
        "title": "账号注销已推迟",
        "body": "您的账号暂时不能注销：{why}。处理完后将自动注销，下次检查时间为 {due}。",
        "channels": ["in_app", "sms", "email"],
    },
    {
        "code": "deletion_cancelled",
        "title": "账号注销已撤销",
        "body": "您的账号注销申请已于 {at} 撤销，账号可继续使用。",
        "channels": ["in_app", "sms", "email"],
    },
    {
        "code": "account_deleted",
        "title": "账号已注销",
        "body": "您的账号已于 {at} 注销，个人资料已清除。依法须保存的订单与日志已去除身份信息。",
        "channels": ["sms", "email"],
    },
]


def forward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for row in TEMPLATES:
        rest = {name: value for name, value in row.items() if name != "code"}
        template.objects.get_or_create(code=row["code"], defaults=rest | {"kind": "security"})


def backward(apps, schema_editor):
    codes = [row["code"] for row in TEMPLATES]
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0020_account_deletion")]

    operations = [migrations.RunPython(forward, backward)]
