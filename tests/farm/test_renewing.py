"""Renewing a claim before its end: a further term, by an order of its own."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Notification
from commerce.models import Order, Refund
from commerce.services.merchants import suspend_merchant
from commerce.services.orders import cancel_order, expire_order
from commerce.services.refunds import conclude_refund, open_refund
from farm.models import Animal, AnimalClaim, ClaimAgreement, ClaimRenewal
from farm.services.claims import ask_to_end, end_due, end_early, preview_for
from farm.services.renewing import renew_claim
from farm.services.terms import months_later
from tests.factories.accounts import UserFactory
from tests.factories.commerce import pay as pay_order
from tests.factories.farm import AnimalFactory, active
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BODY = {"price_paid": 365.00}


@pytest.fixture
def claim():
    """365 days for 365 yuan, of which 30 are left."""
    made = active(animal=AnimalFactory(price=365))
    start = timezone.now() - 335 * DAY
    AnimalClaim.objects.filter(pk=made.pk).update(claimed_at=start, ends_at=start + 365 * DAY)
    made.refresh_from_db()
    return made


@pytest.fixture
def alice(claim):
    return Api(claim.user)


def renewed(claim) -> ClaimRenewal:
    renewal = renew_claim(claim.pk, user=claim.user, price_paid=Decimal(365))
    pay_order(renewal.order_item.order)
    renewal.refresh_from_db()
    claim.refresh_from_db()
    return renewal


def nothing_written():
    assert (ClaimRenewal.objects.count(), Order.objects.count()) == (0, 1)


def test_paid_it_goes_on_where_the_claim_would_have_ended(claim, alice):
    old_end, path = claim.ends_at, f"/animals/claims/{claim.pk}/renew"

    made = data(alice.post(path, BODY), 201)
    assert (made["status"], made["months"], made["price_paid"]) == ("pending", 12, 365.00)
    assert data(alice.post(path, BODY), 201)["id"] == made["id"]
    claim.refresh_from_db()
    assert claim.ends_at == old_end

    pay_order(Order.objects.get(number=made["order_number"]))

    claim.refresh_from_db()
    renewal = ClaimRenewal.objects.get()
    assert claim.ends_at == renewal.ends_at == months_later(old_end, 12)
    assert (renewal.status, renewal.starts_at, claim.status) == ("paid", old_end, "active")
    assert Notification.objects.filter(template="claim_renewed", user=claim.user).count() == 1
    assert ClaimAgreement.objects.filter(claim=claim).count() == 2


def test_its_price_is_that_of_today(claim, alice):
    Animal.objects.update(price=400)

    refused = alice.post(f"/animals/claims/{claim.pk}/renew", BODY)

    assert refusal(refused) == (409, 14013)
    nothing_written()


def test_not_too_early_not_too_late_and_not_against_somebodys_wish(claim, alice, staff):
    path = f"/animals/claims/{claim.pk}/renew"
    rows = AnimalClaim.objects.filter(pk=claim.pk)

    rows.update(ends_at=timezone.now() + 91 * DAY)
    assert refusal(alice.post(path, BODY)) == (409, 18013)
    rows.update(ends_at=timezone.now())
    assert refusal(alice.post(path, BODY)) == (409, 18012)
    rows.update(ends_at=claim.ends_at)
    ask_to_end(claim.pk, user=claim.user, reason="搬家")
    assert refusal(alice.post(path, BODY)) == (409, 18012)
    rows.update(end_asked_at=None)
    suspend_merchant(claim.merchant_id, actor=staff("admin"), reason="核查")
    assert refusal(alice.post(path, BODY)) == (409, 18012)
    nothing_written()


def test_a_claim_is_renewed_by_its_claimant_alone(claim):
    for user in (claim.merchant.user, UserFactory()):
        assert Api(user).post(f"/animals/claims/{claim.pk}/renew", BODY).status_code == 404
    assert Api().post(f"/animals/claims/{claim.pk}/renew", BODY).status_code == 401
    nothing_written()


@pytest.mark.parametrize("end", ["cancel", "expire"])
def test_unpaid_it_changes_nothing(claim, end):
    renewal = renew_claim(claim.pk, user=claim.user, price_paid=Decimal(365))
    order = renewal.order_item.order

    if end == "cancel":
        cancel_order(order.pk, actor=claim.user)
    else:
        expire_order(order.pk, now=order.expires_at)

    renewal.refresh_from_db()
    old_end = claim.ends_at
    claim.refresh_from_db()
    assert (renewal.status, claim.ends_at) == ("cancelled", old_end)
    assert renewed(claim).status == "paid"


def test_a_claim_does_not_end_while_its_renewal_may_be_paid(claim):
    renewal = renew_claim(claim.pk, user=claim.user, price_paid=Decimal(365))
    over = claim.ends_at + DAY

    assert end_due(now=over) == 0
    pay_order(renewal.order_item.order)

    assert end_due(now=over) == 0
    claim.refresh_from_db()
    assert end_due(now=claim.ends_at) == 1
    assert set(Order.objects.values_list("status", flat=True)) == {"completed"}


def test_M7_paid_after_the_claim_ended_the_money_goes_back(claim):
    renewal = renew_claim(claim.pk, user=claim.user, price_paid=Decimal(365))
    end_early(claim.pk, actor=claim.merchant.user, reason="转场")

    pay_order(renewal.order_item.order)

    renewal.refresh_from_db()
    back = Refund.objects.get(order=renewal.order_item.order)
    assert (back.amount, back.reason_code, renewal.status) == (365, "unfulfillable", "cancelled")


def test_ended_early_each_order_gets_back_what_is_left_of_it(claim):
    renewal = renewed(claim)
    days = (renewal.ends_at - renewal.starts_at).days
    now = claim.claimed_at + 345 * DAY
    preview = preview_for(claim.pk, actor=claim.user, now=now)
    assert (preview.refund, preview.used_days) == (Decimal("385.00"), 345)
    assert preview.total_days == 365 + days

    end_early(claim.pk, actor=claim.merchant.user, reason="转场", now=now)

    back = dict(Refund.objects.values_list("order", "amount"))
    assert back == {
        claim.order_item.order_id: Decimal("20.00"), renewal.order_item.order_id: Decimal(365),
    }  # fmt: skip
    for refund in Refund.objects.all():
        Refund.objects.filter(pk=refund.pk).update(status="succeeded")
        refund.refresh_from_db()
        conclude_refund(refund)
    claim.refresh_from_db()
    assert (claim.status, claim.end_kind) == ("ended", "early")
    assert set(Order.objects.values_list("status", flat=True)) == {"refunded"}


def test_refunded_it_is_taken_off_the_end(claim):
    old_end = claim.ends_at
    renewal = renewed(claim)
    payment = renewal.order_item.order.payments.get()
    refund = open_refund(payment, amount=payment.amount, key="c", reason_code="cancelled")
    Refund.objects.update(status="succeeded")
    refund.refresh_from_db()

    conclude_refund(refund)
    conclude_refund(refund)

    claim.refresh_from_db()
    renewal.refresh_from_db()
    assert (claim.ends_at, claim.status, renewal.status) == (old_end, "active", "cancelled")
