from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [("accounts", "0018_seal_numbers")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="row_key",
            field=accounts.fields.RowKeyField(),
        ),
        migrations.AddField(
            model_name="user",
            name="phone_index",
            field=accounts.fields.blind_index_column(
                "phone", unique=True, verbose_name="手机号索引"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="email_index",
            field=accounts.fields.blind_index_column(
                "email", unique=True, verbose_name="邮箱索引"
            ),
        ),
        migrations.AddField(
            model_name="phonecode",
            name="phone_index",
            field=accounts.fields.blind_index_column("phone", verbose_name="手机号索引"),
        ),
        migrations.AddIndex(
            model_name="phonecode",
            index=models.Index(fields=["phone_index", "created_at"], name="phonecode_phone"),
        ),
    ]
