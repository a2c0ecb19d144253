from django.db import migrations

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [("counseling", "0008_bind_ciphertexts")]

    operations = [
        migrations.AlterField(
            model_name="clientprofile",
            name="row_key",
            field=accounts.fields.RowKeyField(),
        ),
    ]
