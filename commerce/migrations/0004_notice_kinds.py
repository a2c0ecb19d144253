"""Notices about money cannot be switched off; a refund's is asked for where refunds are."""

from django.db import migrations

MONEY = ["payment_returned", "refund_succeeded", "refund_rejected"]


def forward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.filter(code__in=MONEY).update(kind="money")
    template.objects.filter(code="refund_succeeded").update(scene="refund")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_reaching"), ("commerce", "0003_next_steps")]

    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
