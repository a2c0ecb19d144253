"""What buyers say of merchants: once, about what they really got, and nobody finds them by it."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Notification, StatusChange
from accounts.services.parameters import change_parameters, forget_parameters
from commerce.models import Merchant, MerchantReview, Order
from commerce.services.reviews import hide_review, refresh_ratings, write_review
from config.errors import IllegalTransition, NotFound
from tests.factories.accounts import UserFactory
from tests.factories.commerce import MerchantFactory, sold
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


def bought(*, user=None, merchant=None) -> Order:
    order = sold("verification", user=user or UserFactory(nickname="小舟"), merchant=merchant)
    Order.objects.filter(pk=order.pk).update(status="completed")
    order.refresh_from_db()
    return order


@pytest.fixture
def order(user):
    return bought(user=user)


@pytest.fixture
def shop(order):
    return Api(order.merchant.user)


def say(client, order, **body):
    return client.post(f"/order/{order.pk}/review", {"rating": 5} | body)


def figures(merchant) -> tuple[int, int]:
    return Merchant.objects.values_list("rating_sum", "rating_count").get(pk=merchant.pk)


def nothing_was_said(merchant) -> bool:
    return not MerchantReview.objects.exists() and figures(merchant) == (0, 0)


# -- saying something


def test_the_buyers_answer_field_by_field(api, order, user):
    answer = data(say(api, order, rating=4, comment="花很新鲜"), 201)

    assert answer.pop("created_at").endswith("Z")
    review = MerchantReview.objects.get()
    assert answer == {
        "id": review.pk, "merchant_id": order.merchant_id, "order_id": order.pk, "rating": 4,
        "comment": "花很新鲜", "author": f"{user.display_name[0]}**", "is_anonymous": False,
        "reply": "", "replied_at": None, "images": [], "status": "visible", "moderation_note": "",
    }  # fmt: skip
    assert (review.user, figures(order.merchant)) == (user, (4, 1))
    assert data(api.get(f"/order/{order.pk}/review"))["id"] == review.pk
    told = Notification.objects.get(template="merchant_reviewed")
    assert told.user == order.merchant.user
    assert order.number in told.body


def test_by_the_merchants_address_as_well(api, order):
    body = {"order_id": order.pk, "rating": 3}
    answer = data(api.post(f"/merchants/{order.merchant_id}/reviews", body), 201)
    assert (answer["order_id"], answer["rating"]) == (order.pk, 3)


def test_once_per_order_by_either_way(api, order):
    data(say(api, order), 201)

    assert refusal(say(api, order, rating=1)) == (409, 14054)
    body = {"order_id": order.pk, "rating": 1}
    again = api.post(f"/merchants/{order.merchant_id}/reviews", body)
    assert refusal(again) == (409, 14054)
    assert figures(order.merchant) == (5, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        MerchantReview.objects.create(
            order=order, merchant=order.merchant, user=order.user, rating=5
        )


@pytest.mark.parametrize("body", [
    {"rating": 0}, {"rating": 6}, {"rating": -1}, {"rating": 4.5}, {"rating": "five"},
    {"rating": None}, {"rating": True, "comment": None}, {"rating": 5, "comment": "长" * 501},
    {"rating": 5, "is_anonymous": "maybe"}, {"rating": [5]}, {"rating": 10**20},
])  # fmt: skip
def test_what_is_wrong_in_the_body_is_refused(api, order, body):
    assert api.post(f"/order/{order.pk}/review", body).status_code == 400
    assert nothing_was_said(order.merchant)


@pytest.mark.parametrize("status", [
    "pending", "paid", "shipped", "verified", "cancelled", "expired", "refunding", "refunded",
])  # fmt: skip
def test_only_what_is_completed(api, order, status):
    Order.objects.filter(pk=order.pk).update(status=status)
    assert refusal(say(api, order)) == (409, 14052)
    assert nothing_was_said(order.merchant)


def test_only_what_a_merchant_sold(api, order):
    Order.objects.filter(pk=order.pk).update(merchant=None)
    assert refusal(say(api, order)) == (409, 14052)
    assert not MerchantReview.objects.exists()


def test_not_anothers_order(order, shop, staff):
    for client in (Api(UserFactory()), shop, Api(staff("admin"))):
        assert refusal(say(client, order)) == (404, NotFound.code)
        assert refusal(client.get(f"/order/{order.pk}/review")) == (404, NotFound.code)
    assert say(Api(), order).status_code == 401
    assert nothing_was_said(order.merchant)


def test_not_at_another_merchants_address(api, order):
    other = MerchantFactory(status="approved")
    body = {"order_id": order.pk, "rating": 5}
    assert refusal(api.post(f"/merchants/{other.pk}/reviews", body)) == (404, NotFound.code)
    assert nothing_was_said(order.merchant)


def test_not_of_ones_own_shop():
    merchant = MerchantFactory(status="approved")
    order = bought(user=merchant.user, merchant=merchant)
    assert refusal(say(Api(merchant.user), order)) == (403, 14053)
    assert nothing_was_said(merchant)


def test_not_of_what_one_has_put_away(api, order):
    data(api.delete(f"/order/{order.pk}"))
    assert refusal(say(api, order)) == (404, NotFound.code)
    assert nothing_was_said(order.merchant)


# -- reading them


def listed(client, merchant, query="") -> list[dict]:
    return data(client.get(f"/merchants/{merchant.pk}/reviews{query}"))["list"]


def test_everybody_reads_them_and_finds_nobody_by_them(anonymous, order, user):
    write_review(order.pk, user=user, rating=5, comment="好")
    other = bought(merchant=order.merchant)
    write_review(other.pk, user=other.user, rating=2, comment="慢", is_anonymous=True)

    second, first = listed(anonymous, order.merchant)

    assert (second["author"], first["author"]) == ("匿名用户", f"{user.display_name[0]}**")
    assert set(first) == {
        "id", "merchant_id", "rating", "comment", "author", "is_anonymous", "created_at", "reply",
        "replied_at", "images",
    }  # fmt: skip
    text = anonymous.get(f"/merchants/{order.merchant_id}/reviews").content.decode()
    assert not any(secret in text for secret in (order.number, other.number, "小舟"))
    assert [row["rating"] for row in listed(anonymous, order.merchant, "?rating=2")] == [2]


@pytest.mark.parametrize("status", ["pending", "rejected", "suspended"])
def test_of_approved_merchants_alone(anonymous, status):
    merchant = MerchantFactory(status=status)
    assert anonymous.get(f"/merchants/{merchant.pk}/reviews").status_code == 404


def test_the_list_asks_no_more_for_more(anonymous, order, user):
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            listed(anonymous, order.merchant)
        return len(asked)

    write_review(order.pk, user=user, rating=5)
    listed(anonymous, order.merchant)
    few = statements()
    for _ in range(4):
        other = bought(merchant=order.merchant)
        write_review(other.pk, user=other.user, rating=4)
    assert statements() == few


# -- the rating


def rated() -> list[Merchant]:
    """One with a single five, one with nine fours, one without any."""
    best, good, new = MerchantFactory.create_batch(3, status="approved")
    for merchant, ratings in ((best, [5]), (good, [4] * 9)):
        for rating in ratings:
            order = bought(merchant=merchant)
            write_review(order.pk, user=order.user, rating=rating)
    return [best, good, new]


def test_few_reviews_are_drawn_toward_four_stars(anonymous):
    best, good, new = rated()

    rows = {row["id"]: row for row in data(anonymous.get("/merchants"))["list"]}

    # five reviews of four stars more for each: (5 + 20) / 6, (36 + 20) / 14
    assert (rows[best.pk]["rating"], rows[best.pk]["rating_count"]) == (4.17, 1)
    assert (rows[good.pk]["rating"], rows[good.pk]["rating_count"]) == (4.0, 9)
    assert (rows[new.pk]["rating"], rows[new.pk]["rating_count"]) == (None, 0)


def test_merchants_are_listed_by_their_rating(anonymous):
    ids = [merchant.pk for merchant in rated()]

    def listed_by(ordering):
        found = data(anonymous.get("/merchants", {"ordering": ordering}))["list"]
        return [row["id"] for row in found]

    assert listed_by("-rating") == ids
    assert listed_by("rating") == ids[::-1]
    hide_review(MerchantReview.objects.get(merchant=ids[0]).pk, actor=None, reason="刷评")
    assert listed_by("-rating")[0] == ids[1]  # the other two have none


def test_ratings_follow_their_parameters_overnight(anonymous, staff):
    best, good, _ = rated()
    change_parameters({"RATING_PRIOR_REVIEWS": 0}, actor=staff("super_admin"))
    forget_parameters()

    assert refresh_ratings() == 2

    ratings = Merchant.objects.in_bulk([best.pk, good.pk])
    assert (ratings[best.pk].rating, ratings[good.pk].rating) == (5, 4)


# -- the merchant's answer


def test_the_merchant_answers_once(shop, order, user):
    review = write_review(order.pk, user=user, rating=5)
    path = f"/merchants/reviews/{review.pk}/reply"

    assert data(shop.post(path, {"reply": "谢谢"}))["reply"] == "谢谢"

    assert refusal(shop.post(path, {"reply": "再谢"})) == (409, 14055)
    review.refresh_from_db()
    assert (review.reply, review.replied_by) == ("谢谢", order.merchant.user)
    note = Notification.objects.get(template="review_replied")
    assert (note.user, "谢谢" in note.body) == (user, True)


def test_nobody_else_answers(api, order, user, staff):
    review = write_review(order.pk, user=user, rating=5)
    rival = Api(MerchantFactory(status="approved").user)
    for client in (api, rival, Api(UserFactory()), Api(staff("admin"))):
        answer = client.post(f"/merchants/reviews/{review.pk}/reply", {"reply": "谢谢"})
        assert refusal(answer) == (404, NotFound.code)
    review.refresh_from_db()
    assert (review.reply, review.replied_at) == ("", None)


# -- staff


def test_what_is_hidden_is_gone_and_does_not_count(anonymous, order, user, staff, shop):
    review = write_review(order.pk, user=user, rating=1, comment="广告")
    moderator = Api(staff("content_manager"))

    answer = data(moderator.post(f"/merchants/reviews/{review.pk}/hide", {"reason": "广告"}))

    assert (answer["status"], answer["moderation_note"]) == ("hidden", "广告")
    assert listed(anonymous, order.merchant) == []
    assert figures(order.merchant) == (0, 0)
    assert "广告" in Notification.objects.get(user=user, template="review_hidden").body
    late = shop.post(f"/merchants/reviews/{review.pk}/reply", {"reply": "?"})
    assert refusal(late) == (404, NotFound.code)
    again = moderator.post(f"/merchants/reviews/{review.pk}/hide", {"reason": "广告"})
    assert refusal(again) == (409, IllegalTransition.code)
    assert figures(order.merchant) == (0, 0)

    data(moderator.post(f"/merchants/reviews/{review.pk}/restore"))
    assert [row["id"] for row in listed(anonymous, order.merchant)] == [review.pk]
    assert figures(order.merchant) == (1, 1)
    assert StatusChange.objects.filter(model="commerce.merchantreview").count() == 2


def test_hiding_needs_a_reason_and_the_right(order, user, staff, shop):
    review = write_review(order.pk, user=user, rating=1)
    path = f"/merchants/reviews/{review.pk}/hide"

    assert Api(staff("admin")).post(path, {"reason": " "}).status_code == 400
    for client in (shop, Api(user), Api(staff("customer_service"))):
        assert client.post(path, {"reason": "难听"}).status_code == 403
    assert figures(order.merchant) == (1, 1)


def test_whose_it_is_nobody_sees_in_the_back_office(order, user, office):
    review = write_review(order.pk, user=user, rating=2, is_anonymous=True)
    browser = office("content_manager")
    for page in ("", f"{review.pk}/change/"):
        text = browser.get(f"/admin/commerce/merchantreview/{page}").content.decode()
        assert order.merchant.business_name in text
        assert user.display_name not in text
        assert order.number not in text


def test_its_author_sees_why_it_is_hidden(api, order, user, staff):
    review = write_review(order.pk, user=user, rating=1)
    hide_review(review.pk, actor=staff("admin"), reason="含有联系方式")
    answer = data(api.get(f"/order/{order.pk}/review"))
    assert (answer["status"], answer["moderation_note"]) == ("hidden", "含有联系方式")
