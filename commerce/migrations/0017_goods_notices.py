"""The words of notices about goods and who works for a merchant; staff edit them."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "product_approved",
        "title": "商品审核通过",
        "body": "您的商品“{name}”已通过审核并上架。",
        "channels": ["in_app"],
    },
    {
        "code": "product_rejected",
        "title": "商品未通过审核",
        "body": "您的商品“{name}”未通过审核或已被下架：{reason}。修改后可重新提交。",
        "channels": ["in_app"],
    },
    {
        "code": "merchant_member_added",
        "title": "您已成为商户成员",
        "body": "商户“{name}”已将您设为{role}。如非本人意愿，可在小程序中退出。",
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
    dependencies = [("accounts", "0010_reaching"), ("commerce", "0016_products")]

    operations = [migrations.RunPython(add, remove)]
