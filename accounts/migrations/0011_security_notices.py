"""Notices about who can get into an account cannot be switched off and never wait."""

from django.db import migrations

SECURITY = [
    "account_enabled",
    "identity_moved",
    "password_changed",
    "phone_changed",
    "phone_replaced",
    "role_changed",
    "session_reused",
    "wechat_bound",
]


def forward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.filter(code__in=SECURITY).update(kind="security")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_reaching")]

    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
