"""The words about an export that is ready, or that failed."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "export_ready",
        "title": "导出已完成",
        "body": "您申请的「{what}」导出已完成，共 {rows} 行，文件保留至 {until}。",
        "channels": ["in_app"],
    },
    {
        "code": "export_failed",
        "title": "导出失败",
        "body": "您申请的「{what}」导出失败：{why}。",
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
    dependencies = [("accounts", "0014_export_jobs")]

    operations = [migrations.RunPython(forward, backward)]
