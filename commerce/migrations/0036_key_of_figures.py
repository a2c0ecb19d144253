from django.db import migrations, models


def count_again(apps, schema_editor):
    """Closed days are counted anew by the next refresh; until then live, which gives the same."""
    apps.get_model("commerce", "OrderDay").objects.update(kept=False)


class Migration(migrations.Migration):
    """Sums can be had again, so their table is made anew: a key is not changed in place."""

    dependencies = [("commerce", "0035_offline_proofs")]

    operations = [
        migrations.DeleteModel(name="OrderFigure"),
        migrations.CreateModel(
            name="OrderFigure",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "merchant_id",
                        "day",
                        "flow",
                        "kind",
                        "method",
                        "reason",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField(verbose_name="日期")),
                (
                    "flow",
                    models.CharField(
                        choices=[("sale", "销售"), ("refund", "退款"), ("returned", "原路退回")],
                        max_length=8,
                        verbose_name="流向",
                    ),
                ),
                ("merchant_id", models.BigIntegerField(verbose_name="商户 ID")),
                ("kind", models.CharField(blank=True, max_length=32, verbose_name="类型")),
                ("method", models.CharField(blank=True, max_length=16, verbose_name="支付方式")),
                ("reason", models.CharField(blank=True, max_length=16, verbose_name="退款原因")),
                ("number", models.PositiveIntegerField(verbose_name="笔数")),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="金额(元)"),
                ),
            ],
            options={
                "verbose_name": "订单汇总",
                "verbose_name_plural": "订单汇总",
                "indexes": [models.Index(fields=["day"], name="orderfigure_day")],
            },
        ),
        migrations.RunPython(count_again, migrations.RunPython.noop),
    ]
