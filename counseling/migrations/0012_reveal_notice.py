"""What the owner of a profile hears when staff looked something up in it."""

from django.db import migrations

CODE = "client_profile_revealed"


def add(apps, schema_editor):
    apps.get_model("accounts", "NotificationTemplate").objects.get_or_create(
        code=CODE,
        defaults={
            "title": "来访者信息被查看",
            "body": "{at}，工作人员因服务需要查看了您登记的来访者的{what}。查看人与原因已记入操作日志，如有疑问请联系客服。",
            "channels": ["in_app"],
            "kind": "security",
        },
    )


def remove(apps, schema_editor):
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code=CODE).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_security_notices"), ("counseling", "0011_reveal_permission")]

    operations = [migrations.RunPython(add, remove)]
