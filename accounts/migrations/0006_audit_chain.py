from django.db import migrations

from accounts.seals import COLUMNS, signature
from config.db import refuse_updates


def sign(apps, schema_editor):
    """Rows from before there were signatures."""
    logs = apps.get_model("accounts", "OperationLog").objects
    for row in logs.filter(signature="").values("pk", *COLUMNS).iterator():
        logs.filter(pk=row["pk"]).update(signature=signature(row))


class Migration(migrations.Migration):
    """Hand-written: kept when the others are squashed."""

    atomic = False
    dependencies = [("accounts", "0005_audit_seals")]

    operations = [
        migrations.RunPython(sign, migrations.RunPython.noop),
        refuse_updates("accounts_operationlog"),
        refuse_updates("accounts_auditseal"),
    ]
