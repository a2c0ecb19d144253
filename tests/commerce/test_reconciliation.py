"""Comparing bills with our rows: every difference found, none made up, each once (M-17)."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from commerce.models import Bill, BillDifference, Order, Payment, Refund
from commerce.services.bills import import_again, import_due_bills
from commerce.services.reconciliation import (
    note_difference,
    resolve_difference,
    take_difference,
)
from commerce.services.starting import start_payment
from config.days import day_end, day_start
from config.errors import IllegalTransition, ReasonNeeded
from tests.commerce.books import nothing_changes
from tests.factories.accounts import UserFactory
from tests.factories.commerce import payer, place
from tests.races.figures import FULL, figure

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 19)
NOON = day_start(DAY) + timedelta(hours=12)
MORNING = day_end(DAY) + timedelta(hours=10)
ROWS = 10_000 if FULL else 1_000
KINDS = [
    "missing_here", "missing_there", "status", "amount", "transaction",
    "refund_missing_here", "refund_missing_there", "refund_amount",
]  # fmt: skip
EACH = 5


def fill(user, number: int) -> list[dict]:
    """So many payments of the day, every tenth refunded in part; what the bill says of them."""
    order = Order.objects.create(
        number="ORDBILLS", user=user, total_amount=1, expires_at=NOON, status="cancelled"
    )
    paid, back = number - number // 11, number // 11
    Payment.objects.bulk_create(
        Payment(
            number=f"PAYB{n:06}", order=order, method="wechat", amount=Decimal(n + 1000).scaleb(-2),
            status="succeeded", transaction_id=f"42{n:08}", paid_at=NOON, expires_at=NOON,
        )
        for n in range(paid)
    )  # fmt: skip
    payments = list(Payment.objects.order_by("pk"))
    Refund.objects.bulk_create(
        Refund(
            number=f"REFB{n:06}", payment=payments[n], order=order, key="k", amount=Decimal("5.00"),
            status="succeeded", succeeded_at=NOON, reason_code="other",
        )
        for n in range(back)
    )  # fmt: skip
    rows = [
        {"number": p.number, "transaction_id": p.transaction_id, "amount": int(p.amount * 100),
         "at": NOON.timestamp()}
        for p in payments
    ]  # fmt: skip
    refunds = [
        rows[n] | {"amount": 500, "refund_number": f"REFB{n:06}", "refund_id": f"5{n}"}
        for n in range(back)
    ]
    return rows + refunds


def spoil(rows: list[dict]) -> tuple[list[dict], set[tuple[str, str]]]:
    """Forty differences of eight kinds; the bill with them, and what has to be found."""
    chance = random.Random(17)
    pay = chance.sample([n for n, row in enumerate(rows) if "refund_number" not in row], 5 * EACH)
    back = chance.sample([n for n, row in enumerate(rows) if "refund_number" in row], 3 * EACH)
    wanted, gone, more = set(), set(), []
    for place_, n in enumerate(pay + back):
        kind, row = KINDS[place_ // EACH], rows[n]
        number = row.get("refund_number") or row["number"]
        if kind.endswith("missing_there"):
            gone.add(n)
        elif kind == "missing_here":
            number = f"PAYX{n}"
            more.append(row | {"number": number})
        elif kind == "refund_missing_here":
            number = f"REFX{n}"
            more.append(row | {"refund_number": number})
        elif kind == "status":
            Payment.objects.filter(number=number).update(status="closed")
        elif kind == "transaction":
            rows[n] = row | {"transaction_id": "4299"}
        else:
            rows[n] = row | {"amount": row["amount"] + 1}
        wanted.add((kind, number))
    kept = [row for n, row in enumerate(rows) if n not in gone]
    return kept + more, wanted


def found() -> set[tuple[str, str]]:
    return set(BillDifference.objects.values_list("kind", "number"))


def bill_of(method="wechat") -> Bill:
    return Bill.objects.get(method=method, day=DAY)


def test_M17_forty_differences_are_found_none_made_up_and_a_second_run_adds_none(
    world, user, staff
):
    rows, wanted = spoil(fill(user, ROWS))
    world.bill("wxpay", DAY.isoformat(), rows)

    import_due_bills(MORNING)

    bill = bill_of()
    assert found() == wanted
    assert len(wanted) == 40
    assert (bill.status, bill.rows) == ("imported", len(rows))
    import_again(bill.pk, actor=staff("finance"))
    import_due_bills(MORNING)
    assert (found(), BillDifference.objects.count()) == (wanted, 40)
    figure("M-17", f"40 differences of 8 kinds found among {len(rows)} rows, 0 false, again 0")


@pytest.fixture
def few(world, user):
    rows = fill(user, 22)
    world.bill("wxpay", DAY.isoformat(), rows)
    return rows


def test_a_bill_that_agrees_says_how_much_came_and_went(few, world):
    import_due_bills(MORNING)

    bill = bill_of()
    assert (bill.came, bill.went_back) == (Decimal("201.90"), Decimal("10.00"))
    assert BillDifference.objects.count() == 0
    assert set(Payment.objects.values_list("billed_on", flat=True)) == {DAY}


def test_statements_do_not_grow_with_the_bill(world, user, django_assert_max_num_queries):
    rows = fill(user, 330)
    world.bill("wxpay", DAY.isoformat(), rows)
    import_due_bills(MORNING)
    Bill.objects.filter(day=DAY).update(status="waiting")

    with django_assert_max_num_queries(48):
        import_due_bills(MORNING)


def test_bills_are_expected_of_yesterday_and_two_days_before_from_ten_oclock(world):
    import_due_bills(MORNING - timedelta(minutes=1))
    assert Bill.objects.filter(method="wechat", day=DAY).exists() is False

    import_due_bills(MORNING)

    days = [DAY - timedelta(days=n) for n in range(4)]
    assert list(Bill.objects.filter(method="wechat").values_list("day", flat=True)) == days
    assert set(Bill.objects.values_list("method", flat=True)) == {"wechat", "alipay", "unionpay"}
    assert set(Bill.objects.values_list("status", "rows")) == {("imported", 0)}


def test_what_is_not_there_yet_or_not_whole_comes_the_next_time(few, world):
    world.bill("wxpay", DAY.isoformat(), few, spoil="late")
    import_due_bills(MORNING)
    assert (bill_of().status, bill_of().error) == ("waiting", "账单尚未生成")

    world.bill("wxpay", DAY.isoformat(), few, spoil="hash")
    import_due_bills(MORNING)
    assert (bill_of().status, bill_of().error) == ("failed", "hash")
    assert BillDifference.objects.count() == 0

    world.bill("wxpay", DAY.isoformat(), few)
    import_due_bills(MORNING)
    assert (bill_of().status, bill_of().error) == ("imported", "")


def test_a_payment_just_before_midnight_is_missed_a_day_later(few, world):
    late = Payment.objects.order_by("pk").last()
    Payment.objects.filter(pk=late.pk).update(paid_at=day_end(DAY) - timedelta(minutes=1))
    world.bill("wxpay", DAY.isoformat(), [r for r in few if r["number"] != late.number])

    import_due_bills(MORNING)
    assert found() == set()
    import_due_bills(MORNING + timedelta(days=1))

    assert found() == {("missing_there", late.number)}


def test_unionpays_day_ends_at_eleven_in_the_evening(few, world):
    """What came at 23:20 stands in the next day's file; what came before is missed now."""
    early, late = (day_start(DAY) + timedelta(hours=hours, minutes=20) for hours in (22, 23))
    kept = Payment.objects.order_by("pk")
    Payment.objects.update(method="unionpay", paid_at=early)
    missed, next_day = kept[0], kept[1]
    Payment.objects.filter(pk=next_day.pk).update(paid_at=late)
    rows = [row for row in few if row["number"] not in {missed.number, next_day.number}]
    world.bill("unionpay", DAY.isoformat(), rows)

    import_due_bills(MORNING)

    assert bill_of("unionpay").status == "imported"
    assert found() & {("missing_there", missed.number), ("missing_there", next_day.number)} == {
        ("missing_there", missed.number)
    }


def test_a_lost_callback_is_found_by_the_bill_and_believed_when_the_provider_says_so(world, user):
    payer(world, user)
    attempt = start_payment(place(user).pk, user=user, method="wechat").payment
    world.pay(attempt.number, notify="hold")
    Payment.objects.filter(pk=attempt.pk).update(status="closed", next_query_at=None)
    tomorrow = day_end(timezone.localdate()) + timedelta(hours=10)

    import_due_bills(tomorrow)

    attempt.refresh_from_db()
    assert (attempt.status, attempt.order.status) == ("succeeded", "paid")
    assert found() == {("status", attempt.number)}


def test_a_bill_alone_is_no_money(world, user):
    """Nobody is credited by a line of a file: the provider does not know of it."""
    rows = fill(user, 1)
    Payment.objects.update(status="closed")
    world.bill("wxpay", DAY.isoformat(), rows)

    import_due_bills(MORNING)

    assert (Payment.objects.get().status, found()) == ("closed", {("status", "PAYB000000")})


# -- the work queue


@pytest.fixture
def difference(few, world):
    world.bill("wxpay", DAY.isoformat(), few[1:])
    import_due_bills(MORNING)
    return BillDifference.objects.get()


def test_a_difference_is_taken_noted_and_closed_with_a_reason(difference, staff):
    one, other = staff("finance"), staff("finance")

    take_difference(difference.pk, actor=one)
    note_difference(difference.pk, actor=other, note="已问渠道")
    resolve_difference(difference.pk, actor=one, reason="次日账单已补")

    row = BillDifference.objects.get()
    assert (row.status, row.assigned_to, row.resolution) == ("resolved", one, "次日账单已补")
    assert row.note.endswith(f"{other.display_name}：已问渠道")
    assert isinstance(row.resolved_at, datetime)


def test_it_is_closed_once_and_not_without_a_reason(difference, staff):
    one = staff("finance")
    with nothing_changes():
        for step in (
            lambda: resolve_difference(difference.pk, actor=one, reason=" "),
            lambda: note_difference(difference.pk, actor=one, note=""),
        ):
            with pytest.raises(ReasonNeeded):
                step()
    resolve_difference(difference.pk, actor=one, reason="已补")

    with pytest.raises(IllegalTransition):
        resolve_difference(difference.pk, actor=UserFactory(), reason="again")
    with pytest.raises(IllegalTransition):
        take_difference(difference.pk, actor=UserFactory())
    assert BillDifference.objects.get().resolution == "已补"


def test_what_was_closed_stays_closed_when_the_bill_comes_again(difference, staff):
    one = staff("finance")
    resolve_difference(difference.pk, actor=one, reason="已补")

    import_again(bill_of().pk, actor=one)
    import_due_bills(MORNING)

    assert BillDifference.objects.get().status == "resolved"
