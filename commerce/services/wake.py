"""Waking a sweep once the transaction is through; beat finds what a lost message would have.

By name, because the tasks import the services and not the other way round.
"""

from celery import signature
from django.db import transaction

BILLS = "commerce.import_bills"
CLOSE = "commerce.query_pending_payments"
REFUND = "commerce.send_refunds"
REPORT = "commerce.report_shipping"


def wake(task: str) -> None:
    transaction.on_commit(signature(task).delay, robust=True)
