"""The words of merchants' notices; staff edit them in the back office."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "merchant_approved",
        "title": "商户审核通过",
        "body": "您的商户“{name}”已通过审核，现在可以开始经营。",
        "channels": ["in_app"],
    },
    {
        "code": "merchant_rejected",
        "title": "商户审核未通过",
        "body": "您的商户“{name}”未通过审核：{reason}。修改资料后会自动重新提交。",
        "channels": ["in_app"],
    },
    {
        "code": "merchant_suspended",
        "title": "商户已暂停",
        "body": "您的商户“{name}”已被暂停：{reason}。已售出的订单请继续履约，如有疑问请联系客服。",
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
    dependencies = [("accounts", "0001_initial"), ("commerce", "0005_merchants")]

    operations = [migrations.RunPython(add, remove)]
