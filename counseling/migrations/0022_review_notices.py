"""The words of notices about reviews of sessions; they do not repeat what was written."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "counselor_reviewed",
        "title": "您有新评价",
        "body": "一位来访者给出了 {rating} 星评价，您可以回复一次。",
        "channels": ["in_app"],
    },
    {
        "code": "counselor_replied",
        "title": "咨询师回复了您的评价",
        "body": "{name}回复了您的评价，请打开查看。",
        "channels": ["in_app"],
    },
]


def add(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for words in TEMPLATES:
        template.objects.get_or_create(code=words["code"], defaults=words)


def remove(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.filter(code__in=[words["code"] for words in TEMPLATES]).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0034_api_key_notices"), ("counseling", "0021_reviews")]

    operations = [migrations.RunPython(add, remove)]
