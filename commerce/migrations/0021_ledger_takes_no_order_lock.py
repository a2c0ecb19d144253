"""Money is booked without a lock on its order; SQLite rebuilds the table, so its trigger again."""

import django.db.models.deletion
from django.db import migrations, models

from config.db import refuse_updates


class Migration(migrations.Migration):
    dependencies = [("commerce", "0020_review_notices")]

    operations = [
        migrations.AlterField(
            model_name="ledgertransaction",
            name="order",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ledger_transactions",
                to="commerce.order",
                verbose_name="订单",
            ),
        ),
        refuse_updates("commerce_ledgertransaction"),
    ]
