"""What is read before a session, and when the sessions that stand are due for it."""

from datetime import timedelta

from django.db import migrations
from django.db.models import F
from django.utils import timezone

CODE = "appointment_reminder"
WORDS = {
    "title": "咨询即将开始",
    "body": "{service}（咨询师：{counselor}，编号 {number}）将于 {start} 开始，请提前做好准备。",
    "channels": ["in_app", "subscribe"],
    "wechat_template_id": CODE,
    "wechat_fields": {
        "thing1": "{service}",
        "thing2": "{counselor}",
        "time3": "{start}",
        "character_string4": "{number}",
    },
    "wechat_page": "pages/appointment/detail?id={appointment_id}",
    "scene": "booking",
}


def add(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.get_or_create(code=CODE, defaults=WORDS)
    now, day, hour = timezone.now(), timedelta(days=1), timedelta(hours=1)
    standing = apps.get_model("counseling", "Appointment").objects.filter(status="confirmed")
    standing.filter(start_at__gt=now + day).update(remind_at=F("start_at") - day)
    soon = standing.filter(start_at__gt=now + hour, start_at__lte=now + day)
    soon.update(remind_at=F("start_at") - hour)


def remove(apps, schema_editor):
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code=CODE).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0038_notices_that_expire"), ("counseling", "0015_reminders")]

    operations = [migrations.RunPython(add, remove)]
