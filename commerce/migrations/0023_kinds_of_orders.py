"""Of what kind each order is, and how it was paid, from its items and its payment."""

from collections import defaultdict

from django.db import migrations

BATCH = 1000


def name_kinds(apps, schema_editor):
    """Rerunnable: orders that say it already are left alone."""
    orders = apps.get_model("commerce", "Order").objects
    items = apps.get_model("commerce", "OrderItem").objects
    last = 0
    while True:
        batch = orders.filter(pk__gt=last, kind="").order_by("pk")
        methods = dict(batch.values_list("pk", "paid_by__method")[:BATCH])
        if not methods:
            return
        last = max(methods)
        kinds = defaultdict(set)
        for pk, kind in items.filter(order__in=methods).values_list("order_id", "kind"):
            kinds[pk].add(kind)
        alike = defaultdict(list)
        for pk, method in methods.items():
            kind = kinds[pk].pop() if len(kinds[pk]) == 1 else "mixed" if kinds[pk] else ""
            alike[kind, method or ""].append(pk)
        for (kind, method), pks in alike.items():
            orders.filter(pk__in=pks).update(kind=kind, method=method)


class Migration(migrations.Migration):
    dependencies = [("commerce", "0022_order_figures")]
    operations = [migrations.RunPython(name_kinds, migrations.RunPython.noop)]
