"""What the two sides of a dispute read."""

from django.db import migrations

TEMPLATES = {
    "dispute_opened": ("预约争议已受理", "预约 {appointment} 的争议（编号 {number}）：{remark}。"),
    "dispute_answered": (
        "咨询师已说明", "预约 {appointment} 的争议（编号 {number}），咨询师已作说明，{remark}。",
    ),
    "dispute_decided": ("预约争议已结束", "预约 {appointment} 的争议（编号 {number}）：{remark}{outcome}"),
}  # fmt: skip


def add(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for code, (title, body) in TEMPLATES.items():
        words = {
            "title": title,
            "body": body,
            "channels": ["in_app", "subscribe"],
            "wechat_template_id": code,
            "wechat_fields": {"character_string1": "{number}", "thing2": "{remark}"},
            "wechat_page": "pages/appointment/detail?id={appointment_id}",
            "scene": "dispute",
        }
        template.objects.get_or_create(code=code, defaults=words)


def remove(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.filter(code__in=TEMPLATES).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_security_notices"), ("counseling", "0023_disputes")]

    operations = [migrations.RunPython(add, remove)]
