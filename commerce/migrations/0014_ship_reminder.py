"""The words of WeChat's reminder to ship; staff edit them."""

from django.db import migrations

TEMPLATE = {
    "code": "merchant_ship_reminder",
    "title": "请尽快发货",
    "body": "微信提醒：订单 {number}（{total} 元）等待发货已久，请尽快发货或核销，以免影响结算。",
    "channels": ["in_app"],
}


def add(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.get_or_create(code=TEMPLATE["code"], defaults=TEMPLATE)


def remove(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.filter(code=TEMPLATE["code"]).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0034_api_key_notices"), ("commerce", "0013_shipping_reports")]

    operations = [migrations.RunPython(add, remove)]
