"""The words of notices about phone numbers and WeChats."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "phone_changed",
        "title": "手机号已绑定",
        "body": "您的账号已于 {at} 绑定新的手机号。如非本人操作，请立即联系客服。",
        "channels": ["in_app"],
    },
    {
        "code": "phone_replaced",
        "title": "账号手机号已更换",
        "body": "您的账号已于 {at} 更换手机号。如非本人操作，请立即联系客服。",
        "channels": ["sms"],
    },
    {
        "code": "wechat_bound",
        "title": "微信已绑定",
        "body": "您的账号已于 {at} 绑定微信，可以用微信登录。如非本人操作，请立即联系客服。",
        "channels": ["in_app"],
    },
    {
        "code": "identity_moved",
        "title": "登录方式已转移",
        "body": "{what}已于 {at} 经验证转移到另一个账号。如非本人操作，请立即联系客服。",
        "channels": ["in_app"],
    },
]


def forward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for row in TEMPLATES:
        rest = {name: value for name, value in row.items() if name != "code"}
        template.objects.get_or_create(code=row["code"], defaults=rest)


def backward(apps, schema_editor):
    codes = [row["code"] for row in TEMPLATES]
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_phone_codes")]

    operations = [migrations.RunPython(forward, backward)]
