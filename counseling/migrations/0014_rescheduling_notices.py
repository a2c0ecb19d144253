"""What both sides read when a session is moved."""

from django.db import migrations

CODE = "appointment_rescheduled"
WORDS = {
    "title": "预约已改期",
    "body": "与{counselor}的{service}（编号 {number}）已改到 {start}，{remark}。",
    "channels": ["in_app", "subscribe"],
    "wechat_template_id": CODE,
    "wechat_fields": {
        "thing1": "{service}",
        "thing2": "{counselor}",
        "time3": "{start}",
        "thing4": "{remark}",
    },
    "wechat_page": "pages/appointment/detail?id={appointment_id}",
    "scene": "booking",
}


def add(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.get_or_create(code=CODE, defaults=WORDS)


def remove(apps, schema_editor):
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code=CODE).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_security_notices"), ("counseling", "0013_rescheduling")]

    operations = [migrations.RunPython(add, remove)]
