"""The words of notices about email addresses."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "email_changed",
        "title": "邮箱已绑定",
        "body": "您的账号已于 {at} 绑定新的邮箱。如非本人操作，请立即联系客服。",
        "channels": ["in_app"],
    },
    {
        "code": "email_replaced",
        "title": "账号邮箱已更换",
        "body": "您的账号已于 {at} 更换邮箱。如非本人操作，请立即联系客服。",
        "channels": ["email"],
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
    dependencies = [("accounts", "0027_email_codes")]

    operations = [migrations.RunPython(forward, backward)]
