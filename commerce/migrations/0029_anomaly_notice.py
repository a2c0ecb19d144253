"""What those who handle anomalies of payments hear; staff edit it and may add e-mail or SMS."""

from django.db import migrations

CODE = "payment_anomaly"


def add(apps, schema_editor):
    apps.get_model("accounts", "NotificationTemplate").objects.get_or_create(
        code=CODE,
        defaults={
            "title": "资金异常待处理",
            "body": "出现新的资金异常：{kind}。请在后台「资金异常」中查看并处理。同类异常一小时内只提醒一次。",
            "channels": ["in_app"],
            "kind": "security",
        },
    )


def remove(apps, schema_editor):
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code=CODE).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0034_api_key_notices"), ("commerce", "0028_settlement_holds")]

    operations = [migrations.RunPython(add, remove)]
