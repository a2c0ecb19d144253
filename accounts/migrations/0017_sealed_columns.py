import django.core.validators
from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    """Room for ciphertext; the numbers themselves follow in the next step."""

    dependencies = [("accounts", "0016_organisations")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="row_key",
            field=accounts.fields.RowKeyField(default=None, null=True, unique=False),
        ),
        migrations.AlterField(
            model_name="user",
            name="phone",
            field=accounts.fields.EncryptedTextField(
                blank=True, index="phone", null=True, verbose_name="手机号"
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=accounts.fields.EncryptedTextField(
                blank=True,
                index="email",
                null=True,
                validators=[django.core.validators.EmailValidator()],
                verbose_name="邮箱",
            ),
        ),
        migrations.RemoveIndex(model_name="phonecode", name="phonecode_phone"),
        migrations.AlterField(
            model_name="phonecode",
            name="phone",
            field=accounts.fields.EncryptedTextField(
                bound_to="digest", index="phone", verbose_name="手机号"
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="address",
            field=accounts.fields.EncryptedTextField(
                blank=True, bound_to="user_id", default="", verbose_name="收件地址"
            ),
        ),
    ]
