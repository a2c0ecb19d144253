from django.db import migrations

import accounts.fields


class Migration(migrations.Migration):
    """What each row's ciphertexts are going to be bound to."""

    dependencies = [
        ("accounts", "0019_blind_indexes"),
        ("counseling", "0006_notice_scenes"),
    ]

    operations = [
        migrations.AddField(
            model_name="clientprofile",
            name="row_key",
            field=accounts.fields.RowKeyField(default=None, null=True, unique=False),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="note",
            field=accounts.fields.EncryptedTextField(
                blank=True, bound_to="number", verbose_name="来访说明"
            ),
        ),
    ]
