"""What both sides of a session hear when its notes are opened to somebody."""

from django.db import migrations

CODE = "session_note_opened"


def add(apps, schema_editor):
    apps.get_model("accounts", "NotificationTemplate").objects.get_or_create(
        code=CODE,
        defaults={
            "title": "咨询记录被批准查阅",
            "body": "预约 {number} 的咨询记录已获批准由督导人员查阅，有效期至 {until}。原因：{reason}。您可以在「谁查阅过我的咨询记录」中查看，如有疑问请联系客服。",
            "channels": ["in_app"],
            "kind": "security",
        },
    )


def remove(apps, schema_editor):
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code=CODE).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0034_api_key_notices"), ("counseling", "0028_session_notes")]

    operations = [migrations.RunPython(add, remove)]
