"""The books of what was paid before there were any, and no changes to them from here on."""

from decimal import Decimal

from django.db import migrations
from django.db.models import Sum
from django.utils import timezone

from config.db import refuse_updates

CALLED_OFF = {"refunded", "cancelled"}


def open_books(apps, schema_editor):
    """Rerunnable: a cause that is booked is left alone."""
    models = {name: apps.get_model("commerce", name) for name in ("Order", "Payment", "Refund")}
    for payment in models["Payment"].objects.filter(status="succeeded").iterator():
        of = {"order_id": payment.order_id, "payment_id": payment.pk}
        _book(apps, "payment", payment.pk, [("clearing", payment.amount, payment.method),
                                            ("unapplied", -payment.amount, "")], **of)  # fmt: skip
    for order in models["Order"].objects.exclude(paid_by=None).select_related("paid_by").iterator():
        amount = order.paid_by.amount
        of = {"order_id": order.pk, "payment_id": order.paid_by_id}
        _book(apps, "sale", order.pk, [("unapplied", amount, ""), ("pending", -amount, "")], **of)
    done = models["Refund"].objects.filter(status="succeeded").select_related("payment", "order")
    for refund in done.iterator():
        of = {"order_id": refund.order_id, "payment_id": refund.payment_id, "refund_id": refund.pk}
        method = refund.payment.method
        _book(apps, "refund", refund.pk, [("unapplied", refund.amount, ""),
                                          ("clearing", -refund.amount, method)], **of)  # fmt: skip
        told = refund.next_try_at is None
        if told and refund.order.paid_by_id == refund.payment_id:
            _book(apps, "return", refund.pk, [("unapplied", -refund.amount, ""),
                                              ("pending", refund.amount, "")], **of)  # fmt: skip
    _close_books(apps, models["Order"])


def _close_books(apps, order_model):
    """Fees of what was called off; what is completed is settled by the sweep."""
    paid = order_model.objects.exclude(paid_by=None)
    paid.filter(status="completed", settles_at=None).update(settles_at=timezone.now())
    entries = apps.get_model("commerce", "LedgerEntry").objects
    for order in paid.filter(status__in=CALLED_OFF).iterator():
        mine = entries.filter(transaction__order_id=order.pk, account="pending")
        rest = mine.aggregate(total=Sum("amount"))["total"] or Decimal(0)
        if rest:
            _book(apps, "release", order.pk, [("pending", -rest, ""), ("fees", rest, "")],
                  order_id=order.pk)  # fmt: skip


def _book(apps, cause, number, lines, **of):
    transaction, entry = (
        apps.get_model("commerce", name).objects for name in ("LedgerTransaction", "LedgerEntry")
    )
    booked, new = transaction.get_or_create(key=f"{cause}:{number}", defaults={"cause": cause, **of})
    if new:
        for account, amount, method in lines:
            entry.create(transaction=booked, account=account, amount=amount, method=method)


class Migration(migrations.Migration):
    """Hand-written: kept when the others are squashed."""

    atomic = False
    dependencies = [("commerce", "0008_ledger")]

    operations = [
        migrations.RunPython(open_books, migrations.RunPython.noop),
        refuse_updates("commerce_ledgertransaction"),
        refuse_updates("commerce_ledgerentry"),
    ]
