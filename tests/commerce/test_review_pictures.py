"""Pictures in reviews: the reviewer's own, shown as long as the words are, each once."""

from io import BytesIO

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from commerce.models import MerchantReview, ReviewPicture
from commerce.services.reviews import hide_review, restore_review, write_review
from media.models import File
from media.services.links import public_path, signed_path
from tests.commerce.books import nothing_changes
from tests.commerce.test_reviews import bought, listed, say
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.media import FileFactory, picture, upload
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


def shot(owner, **fields) -> File:
    return FileFactory(owner=owner, purpose="review", **fields)


@pytest.fixture
def order(user):
    return bought(user=user)


def send(api, **body):
    return api.client.post("/api/v1/file/upload", body, headers=api.headers)


def fetched(file, variant="main"):
    return Client().get(public_path(file, variant))


def test_they_are_uploaded_bare_and_shown_in_their_order(api, anonymous, order, user):
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    sent = [
        data(send(api, file=upload(picture(exif=exif)), purpose="review"), 201) for _ in range(2)
    ]
    assert {one["visibility"] for one in sent} == {"owner"}
    first, second = (File.objects.get(pk=one["id"]) for one in sent)
    assert fetched(first).status_code == 404  # nobody else's before it is part of a review

    said = data(say(api, order, image_ids=[second.pk, first.pk]), 201)

    (row,) = listed(anonymous, order.merchant)
    assert row["images"] == said["images"]
    assert [image["id"] for image in row["images"]] == [second.pk, first.pk]
    assert row["images"][0]["url"].endswith(public_path(second, "main"))
    assert row["images"][0]["thumb_url"].endswith(public_path(second, "thumb"))
    answer = fetched(second)
    assert answer["Cache-Control"] == "public, max-age=600"
    assert answer["Content-Disposition"] == "inline"  # no name: it is its owner's
    content = b"".join(answer)
    assert b"SecretCamera" not in content
    assert Image.open(BytesIO(content)).format == "WEBP"


def test_six_at_most_and_only_ones_own_of_the_purpose(api, order, user):
    many = [shot(user).pk for _ in range(7)]
    strangers, goods = shot(UserFactory()), FileFactory(owner=user, purpose="image")
    gone = shot(user, status="deleted")

    with nothing_changes():
        assert refusal(say(api, order, image_ids=many)) == (400, 10400)
        for wrong in (strangers.pk, goods.pk, gone.pk, 10**9):
            answer = say(api, order, image_ids=[many[0], wrong])
            assert refusal(answer) == (422, 14028)
            assert answer.json()["data"] == {"ids": [wrong]}
    assert not MerchantReview.objects.exists()
    assert set(File.objects.values_list("visibility", flat=True)) == {"owner"}
    assert len(data(say(api, order, image_ids=many[:6]), 201)["images"]) == 6


def test_each_is_part_of_one_review(api, order, user):
    file = shot(user)
    write_review(order.pk, user=user, rating=5, image_ids=[file.pk])
    other = bought(user=user, merchant=order.merchant)

    with nothing_changes():
        assert refusal(say(api, other, image_ids=[file.pk])) == (409, 14104)
    assert MerchantReview.objects.count() == 1
    review = MerchantReview.objects.create(
        order=other, merchant=order.merchant, user=user, rating=5
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewPicture.objects.create(review=review, file=file, position=0)


def test_what_a_review_shows_is_not_deleted(api, order, user):
    file, spare = shot(user), shot(user)
    write_review(order.pk, user=user, rating=5, image_ids=[file.pk])

    assert refusal(api.delete(f"/file/{file.pk}")) == (409, 19006)
    assert data(api.delete(f"/file/{spare.pk}")) == {}
    assert fetched(file).status_code == 200


def test_they_go_and_come_back_with_the_review(api, anonymous, order, user):
    file = shot(user)
    review = write_review(order.pk, user=user, rating=5, image_ids=[file.pk])
    boss = StaffFactory("admin")

    hide_review(review.pk, actor=boss, reason="与商品无关")

    assert fetched(file).status_code == fetched(file, "thumb").status_code == 404
    assert listed(anonymous, order.merchant) == []
    assert data(api.get(f"/order/{order.pk}/review"))["images"] == []
    own = data(api.get(f"/file/{file.pk}"))
    assert (own["visibility"], Client().get(own["url"]).status_code) == ("owner", 200)

    restore_review(review.pk, actor=boss)

    assert fetched(file).status_code == 200
    assert len(listed(anonymous, order.merchant)[0]["images"]) == 1


def test_staff_who_moderate_see_them_hidden_or_not_and_others_do_not(client, order, user):
    file = shot(user)
    review = write_review(order.pk, user=user, rating=5, image_ids=[file.pk], is_anonymous=True)
    hide_review(review.pk, actor=None, reason="待核实")
    boss = StaffFactory("admin")
    client.force_login(boss)

    page = client.get(reverse("admin:commerce_merchantreview_change", args=[review.pk]))

    text = page.content.decode()
    link = text.split('src="/api/v1/file/preview?token=')[1].split('"')[0]
    path = f"/api/v1/file/preview?token={link}"
    assert Client().get(path).status_code == 200
    assert Api(UserFactory()).get(path.removeprefix("/api/v1")).status_code == 403
    for person in (UserFactory(), order.merchant.user):
        theirs = signed_path(file.pk, user_id=person.pk, action="preview")
        assert Client().get(theirs).status_code == 403
    assert user.username not in text


def test_the_list_asks_no_more_for_more_pictures(anonymous, order, user):
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            listed(anonymous, order.merchant)
        return len(asked)

    write_review(order.pk, user=user, rating=5, image_ids=[shot(user).pk])
    listed(anonymous, order.merchant)
    few = statements()
    for _ in range(3):
        other = bought(merchant=order.merchant)
        ids = [shot(other.user).pk for _ in range(3)]
        write_review(other.pk, user=other.user, rating=4, image_ids=ids)
    assert statements() == few
