"""The words for whoever logs in on more devices than allowed."""

from django.db import migrations

CODE = "device_limit_reached"
WORDS = {
    "title": "登录设备已达上限",
    "body": "您的账号最多同时在 {limit} 台设备上登录，本次登录后，最早登录的设备（{devices}）已退出。如非本人操作，请立即修改密码。",
    "channels": ["in_app", "email"],
    "kind": "security",
}


def forward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.get_or_create(code=CODE, defaults=WORDS)


def backward(apps, schema_editor):
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code=CODE).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0035_notice_subjects")]

    operations = [migrations.RunPython(forward, backward)]
