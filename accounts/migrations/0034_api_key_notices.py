"""The words about a key of a third party: made, ending soon, revoked."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "api_key_created",
        "title": "已创建 API 密钥",
        "body": "以您的名义创建了 API 密钥「{name}」（{prefix}），有效期至 {until}。如非您本人知情，请联系客服吊销。",
    },
    {
        "code": "api_key_expiring",
        "title": "API 密钥即将到期",
        "body": "您的 API 密钥「{name}」（{prefix}）将于 {until} 到期。请及时联系我们更换，到期后接口将拒绝它。",
    },
    {
        "code": "api_key_revoked",
        "title": "API 密钥已吊销",
        "body": "您的 API 密钥「{name}」（{prefix}）已被吊销，立即失效。",
    },
]


def forward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for row in TEMPLATES:
        rest = {name: value for name, value in row.items() if name != "code"}
        wanted = rest | {"channels": ["in_app", "email"], "kind": "security"}
        template.objects.get_or_create(code=row["code"], defaults=wanted)


def backward(apps, schema_editor):
    codes = [row["code"] for row in TEMPLATES]
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0033_api_keys")]

    operations = [migrations.RunPython(forward, backward)]
