"""The words of notices about reviews; staff edit them."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "merchant_reviewed",
        "title": "您有新评价",
        "body": "订单 {number} 的买家给出了 {rating} 星评价，您可以回复一次。",
        "channels": ["in_app"],
    },
    {
        "code": "review_replied",
        "title": "商户回复了您的评价",
        "body": "“{name}”回复：{reply}",
        "channels": ["in_app"],
    },
    {
        "code": "review_hidden",
        "title": "评价已被隐藏",
        "body": "您对“{name}”的评价已被隐藏：{reason}。如有疑问请联系客服。",
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
    dependencies = [("accounts", "0034_api_key_notices"), ("commerce", "0019_reviews")]

    operations = [migrations.RunPython(add, remove)]
