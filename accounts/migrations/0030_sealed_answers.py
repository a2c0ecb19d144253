from django.db import migrations

from accounts.fields import EncryptedTextField


class Migration(migrations.Migration):
    """Room for what is sealed; the filters themselves follow in the next step.

    First answers are not carried over: what was asked before the upgrade is known by another
    fingerprint, and asked again it is refused (KeyReused), never done twice.
    """

    dependencies = [("accounts", "0029_reveal_permission")]

    operations = [
        migrations.RemoveField(model_name="idempotencyrecord", name="body"),
        migrations.AddField(
            model_name="idempotencyrecord",
            name="answer",
            field=EncryptedTextField(blank=True, bound_to="id", default=""),
        ),
        migrations.AddField(
            model_name="exportjob",
            name="sealed_filters",
            field=EncryptedTextField(
                blank=True, bound_to="key", default="", verbose_name="筛选条件"
            ),
        ),
    ]
