"""Every file keeps every rule, and every rule notices a file that does not."""

import pytest

from tests.architecture.code_rules import RULES, problems
from tests.architecture.sources import Source, sources

LONG = "\n".join(f"    x = {n}" for n in range(60))

# rule -> (path, text that breaks it, text that keeps it)
CASES = {
    "tasks_leave_after_commit": (
        "commerce/services/orders.py",
        "expire_orders.delay(1)",
        "transaction.on_commit(expire_orders.delay, robust=True)",
    ),
    "on_commit_of_a_task_is_robust": (
        "commerce/services/orders.py",
        "transaction.on_commit(partial(expire.delay, pk))",
        "transaction.on_commit(partial(expire.delay, pk), robust=True)",
    ),
    "fields_are_listed": (
        "commerce/serializers.py",
        'class Meta:\n    fields = "__all__"',
        '__all__ = ["Order"]',
    ),
    "money_never_floats": (
        "commerce/services/orders.py",
        "total = float(order.total_amount)",
        "total = Decimal(order.total_amount)",
    ),
    "no_signals": (
        "commerce/apps.py",
        "from django.db.models.signals import post_save",
        "from django.db.models.signals import post_migrate",
    ),
    "services_know_no_rest_framework": (
        "commerce/services/orders.py",
        "from rest_framework.exceptions import ValidationError",
        "from config.errors import DomainError",
    ),
    "nobody_imports_views": (
        "commerce/admin/orders.py",
        "from commerce.views.orders import OrderViewSet",
        "from commerce.services.orders import cancel_order",
    ),
    "rooms_look_down": (
        "commerce/models/orders.py",
        "from commerce.services.orders import place_order",
        "from commerce.errors import NotRefundable",
    ),
    "saves_name_their_fields": (
        "commerce/services/orders.py",
        "def cancel(order):\n    order.note = 1\n    order.save()",
        "def place(user):\n    order = Order(user=user)\n    order.save()\n"
        "    user.save(update_fields=['x'])",
    ),
    "status_moves_through_move": (
        "commerce/services/orders.py",
        "order.status = 'paid'",
        "move(order, 'paid')",
    ),
    "services_retry_deadlocks": (
        "commerce/services/orders.py",
        "@transaction.atomic\ndef place(): pass",
        "@transact\ndef place():\n    with transaction.atomic(): pass",
    ),
    "admin_actions_name_permissions": (
        "commerce/admin/orders.py",
        "@admin.action(description='取消')\ndef cancel(self): pass",
        "@admin.action(description='取消', permissions=['cancel'])\ndef cancel(self): pass",
    ),
    "files_are_short": ("commerce/views.py", "x = 1\n" * 351, "x = 1\n" * 350),
    "functions_are_short": (
        "commerce/views.py",
        f"def long():\n{LONG}",
        "def short():\n    return 1",
    ),
    "nobody_prints": ("commerce/views.py", "print('x')", "self.stdout.write('x')"),
    "production_code_knows_no_tests": (
        "commerce/views.py",
        "from tests.helpers import Api",
        "from commerce.models import Order",
    ),
    "conditional_uniqueness_is_a_generated_column": (
        "commerce/models/orders.py",
        "models.UniqueConstraint(fields=['a'], condition=Q(b=1), name='c')",
        "models.UniqueConstraint(fields=['a'], name='c')",
    ),
    "sets_of_rows_are_locked_by_locked": (
        "commerce/services/orders.py",
        "Order.objects.select_for_update(of=('self',))",
        "Order.objects.locked()",
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_our_code_keeps_the_rule(name):
    assert problems(RULES[name], sources()) == []


@pytest.mark.parametrize("name", RULES)
def test_the_rule_notices_code_that_breaks_it(name):
    path, bad, good = CASES[name]

    assert len(problems(RULES[name], [Source(path, bad)])) == 1
    assert problems(RULES[name], [Source(path, good)]) == []
