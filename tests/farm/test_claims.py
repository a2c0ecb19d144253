"""POST /animals/{id}/claim and what becomes of a claim until its money is there."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import ConsentRequired
from accounts.models import Notification
from accounts.services.consents import withdraw_consent
from commerce.errors import PriceChanged, SoldAlone
from commerce.models import Order, OrderItem
from commerce.payables import Want
from commerce.services.orders import cancel_order, expire_order, place_order
from commerce.services.starting import start_payment
from farm import errors
from farm.models import Animal, AnimalClaim, ClaimAgreement
from farm.services.animals import report_loss
from tests.factories.commerce import payer
from tests.factories.farm import AnimalFactory, active, claimant, claimed, consent, pay
from tests.helpers import Api, data, forget_everything, refusal

pytestmark = pytest.mark.django_db


def nothing_written():
    rows = Order.objects.count(), OrderItem.objects.count(), AnimalClaim.objects.count()
    return rows == (0, 0, 0)


@pytest.fixture
def animal():
    return AnimalFactory(name="小黑", price=1000)


@pytest.fixture
def person():
    return claimant()


def ask(user, animal, price=1000.00, **headers):
    return Api(user).post(f"/animals/{animal.pk}/claim", {"price_paid": price}, **headers)


def status_of(animal) -> str:
    return Animal.objects.values_list("status", flat=True).get(pk=animal.pk)


def test_a_claim_waits_for_its_money_field_by_field(person, animal, sandbox):
    payer(sandbox, person)

    made = data(ask(person, animal), 201)

    claim, order = AnimalClaim.objects.get(), Order.objects.get()
    expected = {
        "id": claim.pk, "user_id": person.pk, "animal_id": animal.pk, "price_paid": 1000.00,
        "agreement_url": None, "status": "pending", "claimed_at": None,
        "order_number": order.number, "animal_name": "小黑",
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    assert made["payment"]["payment"]["order_number"] == order.number
    assert made["payment"]["client_parameters"]["package"].startswith("prepay_id=")
    assert status_of(animal) == "unavailable"
    assert ClaimAgreement.objects.count() == 0


def test_without_wechat_the_claim_stands_and_is_paid_later(person, animal, sandbox):
    made = data(ask(person, animal), 201)

    assert (made["status"], made["payment"]) == ("pending", None)
    payer(sandbox, person)
    started = Api(person).post("/pay", {"order_number": made["order_number"]})
    assert data(started, 201)["payment"]["amount"] == 1000.00


@pytest.mark.parametrize("price", [999.99, 1000.01, 0])
def test_M12_another_price_is_409_with_the_price_now(person, animal, price):
    answer = ask(person, animal, price)

    assert refusal(answer) == (409, PriceChanged.code)
    assert answer.json()["data"] == {"price": 1000.00}
    assert nothing_written()
    assert status_of(animal) == "available"


@pytest.mark.parametrize("price", ["1e3", -1, "abc", None, True])
def test_a_price_that_is_none_is_400(person, animal, price):
    assert ask(person, animal, price).status_code == 400
    assert nothing_written()


def test_the_claim_agreement_comes_first(animal, user):
    answer = ask(user, animal)

    assert refusal(answer) == (422, ConsentRequired.code)
    assert answer.json()["data"] == {"kind": "claim", "version": 1}
    assert nothing_written()
    assert status_of(animal) == "available"


def test_a_withdrawn_consent_is_none(person, animal):
    withdraw_consent(person, kind="claim")

    assert refusal(ask(person, animal)) == (422, ConsentRequired.code)
    assert nothing_written()


def test_somebody_elses_animal_is_gone_one_by_one(person, animal):
    claimed(person, animal)

    answer = ask(claimant(), animal)

    assert refusal(answer) == (409, errors.AnimalUnavailable.code)
    assert answer.json()["data"] == {"status": "unavailable"}
    assert AnimalClaim.objects.count() == 1


def test_ones_own_animal_is_not_claimed(animal):
    consent(animal.merchant.user)

    assert refusal(ask(animal.merchant.user, animal)) == (422, errors.OwnAnimal.code)
    assert nothing_written()
    assert status_of(animal) == "available"


@pytest.mark.parametrize("fields", [{"listing": "draft"}, {"listing": "hidden"}])
def test_what_is_not_published_is_not_claimed(person, fields):
    animal = AnimalFactory(**fields)

    assert refusal(ask(person, animal)) == (404, 10404)
    assert nothing_written()


def test_a_suspended_merchants_animal_is_not_claimed(person, animal):
    type(animal.merchant).objects.filter(pk=animal.merchant_id).update(status="suspended")

    assert refusal(ask(person, animal)) == (404, 10404)
    assert nothing_written()
    assert status_of(animal) == "available"


def test_an_unknown_animal_is_404(person):
    answer = Api(person).post("/animals/999999/claim", {"price_paid": 1.00})
    assert refusal(answer) == (404, 10404)


def test_asked_again_it_is_the_same_claim(person, animal):
    first, second = data(ask(person, animal), 201), data(ask(person, animal), 201)

    assert first["id"] == second["id"]
    assert Order.objects.count() == 1


def test_nobody_holds_more_unpaid_claims_than_the_parameter_says(person):
    held = [claimed(person) for _ in range(3)]
    fourth = AnimalFactory()

    refused = Api(person).post(f"/animals/{fourth.pk}/claim", {"price_paid": 1000.00})

    assert refusal(refused) == (409, 18011)
    assert refused.json()["data"]["at_most"] == 3
    fourth.refresh_from_db()
    assert (fourth.status, AnimalClaim.objects.count()) == ("available", 3)
    pay(held[0])
    data(Api(person).post(f"/animals/{fourth.pk}/claim", {"price_paid": 1000.00}), 201)


def test_the_same_key_gives_the_same_answer(person, animal):
    api, path = Api(person), f"/animals/{animal.pk}/claim"

    first = api.post(path, {"price_paid": 1000.00}, key="key-00000001")
    again = api.post(path, {"price_paid": 1000.00}, key="key-00000001")
    other = api.post(path, {"price_paid": 1.00}, key="key-00000001")

    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert other.status_code == 422
    assert Order.objects.count() == 1


def test_a_free_animal_is_theirs_at_once(person):
    animal = AnimalFactory(price=0)

    made = data(ask(person, animal, 0), 201)

    assert (made["status"], made["payment"]) == ("active", None)
    assert made["claimed_at"] is not None
    assert status_of(animal) == "claimed"
    assert Order.objects.get().status == "paid"


def test_C2_active_with_the_money_and_both_are_told(person, animal):
    claim = claimed(person, animal)

    pay(claim)

    assert (claim.status, status_of(animal)) == ("active", "claimed")
    assert claim.ends_at.date().year == claim.claimed_at.date().year + 1
    told = set(Notification.objects.values_list("user", "template"))
    assert {
        (person.pk, "animal_claimed"),
        (animal.merchant.user_id, "animal_claimed_merchant"),
    } <= told
    assert ClaimAgreement.objects.get().claim_id == claim.pk


@pytest.mark.parametrize("ending", ["cancelled", "expired"])
def test_an_unpaid_claim_frees_the_animal_once(person, animal, ending):
    claim = claimed(person, animal)
    order = claim.order_item.order

    if ending == "cancelled":
        cancel_order(order.pk, actor=person)
    else:
        assert expire_order(order.pk, now=order.expires_at)

    claim.refresh_from_db()
    assert (claim.status, claim.claimed_at) == ("cancelled", None)
    assert status_of(animal) == "available"
    assert not expire_order(order.pk, now=order.expires_at)
    assert active(animal=animal).status == "active"


def test_M7_money_that_comes_too_late_goes_back_and_the_next_one_keeps_the_animal(person, animal):
    late = claimed(person, animal)
    order = late.order_item.order
    cancel_order(order.pk, actor=person)
    mine = active(animal=animal)

    pay(late)

    assert (late.status, order.refunds.get().amount) == ("cancelled", Decimal("1000.00"))
    mine.refresh_from_db()
    assert (mine.status, status_of(animal)) == ("active", "claimed")


def test_a_refund_in_full_takes_the_claim_back(person, animal):
    from commerce.services.refunds import conclude_refund, open_refund

    claim = active(person, animal)
    payment = claim.order_item.order.payments.get()
    refund = open_refund(payment, amount=payment.amount, key="request", reason_code="other")
    type(refund).objects.filter(pk=refund.pk).update(status="succeeded")

    conclude_refund(refund)

    claim.refresh_from_db()
    assert (claim.status, claim.end_kind, status_of(animal)) == ("cancelled", "refund", "available")


def test_the_general_order_sells_animals_too(person, animal):
    order = place_order(user=person, wants=[Want("animal_claim", animal.pk)])

    assert (order.total_amount, order.items.get().title) == (1000, "认领 小黑（12 个月）")
    assert AnimalClaim.objects.get().status == "pending"


def test_two_of_one_animal_are_refused(person, animal):
    body = {"items": [{"kind": "animal_claim", "target_id": animal.pk, "quantity": 2}]}

    assert refusal(Api(person).post("/order", body)) == (422, errors.NotOneAnimal.code)
    assert nothing_written()


def test_animals_are_sold_one_per_order(person, animal):
    other = AnimalFactory(merchant=animal.merchant)
    items = [{"kind": "animal_claim", "target_id": a.pk, "quantity": 1} for a in (animal, other)]

    assert refusal(Api(person).post("/order", {"items": items})) == (422, SoldAlone.code)
    assert nothing_written()
    assert (status_of(animal), status_of(other)) == ("available", "available")


def test_own_claims_are_listed_field_by_field(person, animal):
    claim = active(person, animal)
    other = claimed()

    page = data(Api(person).get("/animals/claims"))

    assert page["pagination"]["total"] == 1
    row = page["list"][0]
    expected = {
        "id": claim.pk, "user_id": person.pk, "animal_id": animal.pk, "animal_name": "小黑",
        "price_paid": 1000.00, "status": "active",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert row["claimed_at"].endswith("Z")
    assert data(Api(person).get("/animals/claims", {"status": "pending"}))["list"] == []
    assert refusal(Api(person).get(f"/animals/claims/{other.pk}")) == (404, 10404)


def test_a_claim_exists_for_its_two_sides_and_staff(person, animal, staff):
    claim = active(person, animal)
    path = f"/animals/claims/{claim.pk}"

    seen = {
        name: Api(user).get(path).status_code
        for name, user in {
            "claimant": person, "merchant": animal.merchant.user, "stranger": claimant(),
            "other merchant": AnimalFactory().merchant.user,
            "staff": staff("customer_service"), "finance": staff("finance"),
        }.items()
    }  # fmt: skip

    assert seen == {
        "claimant": 200, "merchant": 200, "stranger": 404, "other merchant": 404, "staff": 200,
        "finance": 404,
    }  # fmt: skip


def test_own_claims_cost_the_same_however_many(person):
    api = Api(person)

    def statements() -> int:
        forget_everything()
        with CaptureQueriesContext(connection) as queries:
            data(api.get("/animals/claims"))
        return len(queries)

    active(person)
    of_one = statements()
    for _ in range(4):
        active(person)
    assert statements() == of_one


def test_a_lost_animal_calls_an_unpaid_claim_off(person, animal):
    claim = claimed(person, animal)

    report_loss(animal.pk, actor=animal.merchant.user, reason="走失")

    claim.refresh_from_db()
    assert (claim.status, status_of(animal)) == ("cancelled", "unavailable")
    assert claim.order_item.order.status == "cancelled"


def test_the_attempt_that_a_claim_started_is_the_one_pay_gives(person, animal, sandbox):
    payer(sandbox, person)
    made = data(ask(person, animal), 201)

    order = Order.objects.get()
    started = start_payment(order.pk, user=person, method="wechat")

    assert started.payment.number == made["payment"]["payment"]["number"]
