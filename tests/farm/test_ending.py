"""How claims end: early with what is left, by the animal's loss, and at their time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Notification
from commerce.models import Refund
from commerce.services.refunds import conclude_refund, request_refund
from farm import errors
from farm.models import Animal, AnimalClaim, AnimalUpdate
from farm.services.animals import post_update, report_loss
from farm.services.claims import ask_to_end, end_due, end_early, preview_for
from farm.services.reminding import remind_of_ends, remind_of_updates
from farm.services.terms import months_later
from tests.addresses import PRIVATE
from tests.factories.farm import AnimalFactory, active, claimant, claimed
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def claim():
    """365 days for 365 yuan, so a day is a yuan."""
    made = active(animal=AnimalFactory(price=365))
    AnimalClaim.objects.filter(pk=made.pk).update(ends_at=made.claimed_at + 365 * DAY)
    made.refresh_from_db()
    return made


def status_of(claim) -> tuple[str, str]:
    animal = Animal.objects.get(pk=claim.animal_id)
    claim.refresh_from_db()
    return claim.status, animal.status


def told(user, template) -> int:
    return Notification.objects.filter(user=user, template=template).count()


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2026, 1, 31), 1, (2026, 2, 28)), ((2027, 12, 31), 2, (2028, 2, 29)),
        ((2026, 11, 21), 12, (2027, 11, 21)), ((2026, 12, 1), 1, (2027, 1, 1)),
    ],
)  # fmt: skip
def test_months_end_on_the_same_day_or_the_last(start, months, end):
    assert months_later(datetime(*start, 4, tzinfo=UTC), months) == datetime(*end, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "refund", "used"),
    [
        (timedelta(0), "365.00", 0), (timedelta(seconds=1), "364.00", 1), (DAY, "364.00", 1),
        (100 * DAY, "265.00", 100), (364 * DAY, "1.00", 364), (366 * DAY, "0.00", 365),
    ],
)  # fmt: skip
def test_whole_days_that_are_left_come_back(claim, after, refund, used):
    preview = preview_for(claim.pk, actor=claim.user, now=claim.claimed_at + after)

    assert (preview.refund, preview.used_days, preview.total_days) == (Decimal(refund), used, 365)


def test_the_claimant_asks_and_the_merchant_ends_it(claim):
    asked_at = claim.claimed_at + 100 * DAY
    merchant = claim.merchant.user
    ask_to_end(claim.pk, user=claim.user, reason="搬家", now=asked_at)
    assert status_of(claim) == ("active", "claimed")
    assert told(merchant, "claim_end_asked") == 1

    end_early(claim.pk, actor=merchant, reason="同意", now=asked_at + 10 * DAY)

    assert status_of(claim) == ("ended", "available")
    assert (claim.end_kind, claim.ended_by) == ("early", merchant)
    refund = Refund.objects.get()  # by the day of asking: waiting costs nothing
    assert (refund.amount, refund.reason_code) == (Decimal("265.00"), "cancelled")
    assert told(claim.user, "claim_ended") == told(merchant, "claim_ended_merchant") == 1
    order = claim.order_item.order
    assert order.status == "refunding"
    Refund.objects.update(status="succeeded")
    conclude_refund(refund)
    order.refresh_from_db()
    assert (order.status, order.refunded_amount) == ("refunded", Decimal("265.00"))
    assert status_of(claim) == ("ended", "available")


def test_ending_over_http(claim):
    alice, farm = Api(claim.user), Api(claim.merchant.user)
    path = f"/animals/claims/{claim.pk}"
    preview = data(alice.get(f"{path}/end-preview"))
    assert (preview["total_days"], preview["refund"]) == (365, 364.00)

    asked = data(alice.post(f"{path}/end", {"reason": "搬家"}))

    assert (asked["status"], asked["end_asked_reason"]) == ("active", "搬家")
    listed = data(farm.get("/merchants/claims", {"end_asked": "true"}))["list"]
    assert [row["id"] for row in listed] == [claim.pk]
    ended = data(farm.post(f"/merchants/claims/{claim.pk}/end", {"reason": "同意"}))
    assert (ended["status"], ended["end_kind"]) == ("ended", "early")
    again = farm.post(f"/merchants/claims/{claim.pk}/end", {"reason": "同意"})
    assert refusal(again) == (409, 10409)
    assert Refund.objects.count() == 1


def test_a_wish_that_is_refused_may_be_had_again(claim):
    farm, path = Api(claim.merchant.user), f"/merchants/claims/{claim.pk}/refuse-end"
    assert refusal(farm.post(path, {"reason": "不行"})) == (409, errors.EndNotAsked.code)
    ask_to_end(claim.pk, user=claim.user, reason="搬家")

    assert data(farm.post(path, {"reason": "已到期中"}))["end_asked_at"] is None

    assert told(claim.user, "claim_end_refused") == 1
    assert status_of(claim) == ("active", "claimed")


def test_nobody_else_ends_a_claim(claim, staff):
    body = {"reason": "同意"}
    path = f"/merchants/claims/{claim.pk}/end"

    assert Api(claim.user).post(path, body).status_code == 403  # not one's own
    assert Api(claimant()).post(path, body).status_code == 404
    assert Api(AnimalFactory().merchant.user).post(path, body).status_code == 404
    assert Api(staff("finance")).post(path, body).status_code == 404
    assert Api(claimant()).post(f"/animals/claims/{claim.pk}/end", body).status_code == 404

    assert status_of(claim) == ("active", "claimed")
    assert Refund.objects.count() == 0
    assert data(Api(staff("customer_service")).post(path, body))["status"] == "ended"


def test_an_unpaid_claim_is_not_ended(claim):
    pending = claimed()

    answer = Api(pending.user).post(f"/animals/claims/{pending.pk}/end", {"reason": "不要了"})

    assert refusal(answer) == (409, 10409)


def test_a_request_of_the_buyer_gives_way_to_the_share_that_is_left(claim):
    asked = request_refund(
        claim.order_item.order_id, user=claim.user, reason_code="other", reason=""
    )

    end_early(claim.pk, actor=claim.merchant.user, reason="同意", now=claim.claimed_at + 100 * DAY)

    asked.refresh_from_db()
    assert asked.status == "rejected"
    assert Refund.objects.exclude(pk=asked.pk).get().amount == Decimal("265.00")


def test_a_free_claim_ends_without_money():
    claim = active_free()

    end_early(claim.pk, actor=claim.merchant.user, reason="同意")

    assert status_of(claim) == ("ended", "available")
    assert (Refund.objects.count(), claim.order_item.order.status) == (0, "completed")


def active_free():
    made = claimed(animal=AnimalFactory(price=0))
    made.refresh_from_db()
    return made


def test_the_loss_of_the_animal_ends_its_claim_with_what_is_left(claim):
    merchant = claim.merchant.user

    report_loss(
        claim.animal_id, actor=merchant, reason="因病离世", now=claim.claimed_at + 200 * DAY
    )

    assert status_of(claim) == ("ended", "unavailable")
    assert (claim.end_kind, claim.end_reason) == ("loss", "因病离世")
    assert Refund.objects.get().amount == Decimal("165.00")
    assert told(claim.user, "claim_ended") == 1
    answer = Api(merchant).post(
        f"/merchants/animals/{claim.animal_id}/availability", {"available": True}
    )
    assert refusal(answer) == (409, errors.AnimalGone.code)


def test_C6_a_claim_ends_at_its_time_and_once(claim):
    assert end_due(now=claim.ends_at - timedelta(seconds=1)) == 0
    assert status_of(claim) == ("active", "claimed")

    assert end_due(now=claim.ends_at) == 1
    assert end_due(now=claim.ends_at) == 0

    assert status_of(claim) == ("ended", "available")
    assert (claim.end_kind, claim.ended_at) == ("term", claim.ends_at)
    assert told(claim.user, "claim_term_over") == 1
    assert told(claim.merchant.user, "claim_term_over_merchant") == 1
    order = claim.order_item.order
    assert (order.status, order.refunds.count()) == ("completed", 0)


def test_one_claim_that_cannot_end_stops_no_other(claim, monkeypatch):
    from farm.services import notices

    other = active()
    real = notices.term_over
    monkeypatch.setattr(notices, "term_over", lambda pk: 1 / 0 if pk == claim.pk else real(pk))

    assert end_due(now=max(claim.ends_at, other.ends_at)) == 1

    assert status_of(claim) == ("active", "claimed")
    assert status_of(other) == ("ended", "available")


def test_reminders_thirty_and_seven_days_before_once_each(claim):
    for before, times in ((31, 0), (30, 1), (20, 1), (7, 2), (1, 2)):
        for _ in range(2):
            remind_of_ends(now=claim.ends_at - before * DAY)
        assert told(claim.user, "claim_ending") == times, before


def test_who_hears_of_the_near_end_hears_no_more_of_the_far_one(claim):
    assert remind_of_ends(now=claim.ends_at - 5 * DAY) == 1
    assert remind_of_ends(now=claim.ends_at - 5 * DAY) == 0


def test_updates_reach_the_claimant_and_nobody_else_sees_private_ones(claim, anonymous):
    farm, path = Api(claim.merchant.user), f"/animals/{claim.animal_id}/updates"
    words = {
        "update_type": "diary",
        "content": "今天很乖",
        "media_url": "https://cdn.example.com/1.jpg",
    }
    for visibility in ("public", "claimants"):
        body = words | {"visibility": visibility}
        made = data(farm.post(f"/merchants{path}", body), 201)
        assert made | body == made

    seen = {
        name: [row["visibility"] for row in data(api.get(path))["list"]]
        for name, api in {
            "anonymous": anonymous, "stranger": Api(claimant()), "claimant": Api(claim.user),
            "farm": farm,
        }.items()
    }  # fmt: skip

    both = ["claimants", "public"]
    assert seen == {
        "anonymous": ["public"], "stranger": ["public"], "claimant": both, "farm": both,
    }  # fmt: skip
    assert told(claim.user, "animal_updated") == 2


@pytest.mark.parametrize("address", PRIVATE)
def test_an_update_leads_nobody_to_an_address_inside(claim, address):
    words = {"update_type": "diary", "content": "今天很乖", "media_url": address}

    answer = Api(claim.merchant.user).post(f"/merchants/animals/{claim.animal_id}/updates", words)

    assert refusal(answer) == (400, 10400)
    assert "请填写 http 或 https 的公网网址" in answer.json()["data"]["media_url"]
    assert not AnimalUpdate.objects.exists()


def test_a_former_claimant_sees_public_updates_only(claim):
    end_early(claim.pk, actor=claim.merchant.user, reason="同意")
    post_update(
        claim.animal_id, user=claim.merchant.user, update_type="diary", content="想你",
        visibility="claimants",
    )  # fmt: skip

    assert data(Api(claim.user).get(f"/animals/{claim.animal_id}/updates"))["list"] == []
    assert told(claim.user, "animal_updated") == 0


def test_merchants_hear_of_a_long_silence_once(claim):
    merchant, silent = claim.merchant.user, claim.claimed_at + 30 * DAY
    remind_of_updates(now=silent - timedelta(seconds=1))
    assert told(merchant, "animal_update_overdue") == 0

    for _ in range(2):
        remind_of_updates(now=silent)
    assert told(merchant, "animal_update_overdue") == 1

    update = post_update(claim.animal_id, user=merchant, update_type="diary", content="好")
    AnimalUpdate.objects.filter(pk=update.pk).update(created_at=silent)
    remind_of_updates(now=silent + 29 * DAY)
    assert told(merchant, "animal_update_overdue") == 1
    remind_of_updates(now=silent + 30 * DAY)
    assert told(merchant, "animal_update_overdue") == 2
