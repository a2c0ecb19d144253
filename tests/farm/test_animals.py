"""Animals: what everybody sees, and what their farm and staff do with them."""

from datetime import date

import pytest
import time_machine

from accounts.models import Notification, StatusChange
from commerce.services.merchants import suspend_merchant
from farm import errors
from farm.models import Animal, AnimalPhoto, HealthRecord, Listing
from farm.services.animals import approve_animal, reject_animal
from tests.factories.commerce import MerchantFactory
from tests.factories.farm import AnimalFactory, FarmFactory, active, claimed
from tests.factories.media import FileFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
BODY = {
    "name": "小黑", "species": "羊驼", "breed": "华卡约", "birth_date": "2024-03-15",
    "personality": "亲人", "farm_location": "上海市崇明区", "price": 1000.00,
}  # fmt: skip


@pytest.fixture
def farm():
    return FarmFactory()


@pytest.fixture
def owner(farm):
    return Api(farm.user)


@time_machine.travel("2026-11-21T04:00:00Z", tick=False)
def test_everybody_sees_a_published_animal_field_by_field(anonymous, farm):
    animal = AnimalFactory(
        merchant=farm, name="小黑", birth_date=date(2024, 3, 22), personality="亲人",
        farm_location="上海市崇明区",
    )  # fmt: skip

    page = data(anonymous.get("/animals"))

    assert page["pagination"] == {"page": 1, "size": 10, "total": 1}
    assert page["list"] == [
        {
            "id": animal.pk, "merchant_id": farm.pk, "merchant_name": farm.business_name,
            "name": "小黑", "species": "羊驼", "breed": "华卡约", "birth_date": "2024-03-22",
            "age_months": 31, "personality": "亲人", "farm_location": "上海市崇明区",
            "price": 1000.00, "term_months": 0, "status": "available", "photos": [],
            "created_at": "2026-11-21T04:00:00Z",
        }
    ]  # fmt: skip
    assert data(anonymous.get(f"/animals/{animal.pk}"))["health_records"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["团团", "小黑", "咩咩"]),
        ({"species": "羊驼"}, ["小黑", "咩咩"]),
        ({"price_min": "500"}, ["团团", "咩咩"]),
        ({"price_max": "500"}, ["小黑"]),
        ({"search": "咩"}, ["咩咩"]),
        ({"search": "温顺"}, ["小黑"]),
        ({"status": "unavailable"}, ["团团"]),
        ({"ordering": "price"}, ["小黑", "咩咩", "团团"]),
        ({"page": "2", "size": "2"}, ["咩咩"]),
    ],
)
def test_animals_are_found(anonymous, query, found):
    AnimalFactory(name="咩咩", price=800)
    AnimalFactory(name="小黑", price=100, personality="温顺亲人")
    AnimalFactory(name="团团", species="绵羊", price=900, status="unavailable")

    rows = data(anonymous.get("/animals", query))["list"]

    assert [row["name"] for row in rows] == found


@pytest.mark.parametrize("listing", [one for one in Listing if one != Listing.PUBLISHED])
def test_an_animal_that_is_not_published_does_not_exist_for_others(anonymous, listing):
    animal = AnimalFactory(listing=listing)

    assert data(anonymous.get("/animals"))["list"] == []
    assert refusal(anonymous.get(f"/animals/{animal.pk}")) == (404, 10404)
    assert refusal(anonymous.get(f"/animals/{animal.pk}/updates")) == (404, 10404)


def test_animals_of_a_suspended_merchant_vanish_and_come_back(anonymous, farm, staff):
    animal, boss = AnimalFactory(merchant=farm), staff("admin")

    suspend_merchant(farm.pk, actor=boss, reason="投诉")

    assert data(anonymous.get("/animals"))["list"] == []
    assert refusal(anonymous.get(f"/animals/{animal.pk}")) == (404, 10404)


def test_a_list_costs_the_same_however_long_it_is(anonymous, django_assert_num_queries):
    AnimalFactory()
    with django_assert_num_queries(3):
        anonymous.get("/animals")
    for _ in range(5):
        AnimalFactory()
    with django_assert_num_queries(3):
        anonymous.get("/animals")


def test_from_draft_through_review_to_everybody(owner, anonymous, staff):
    made = data(owner.post("/merchants/animals", BODY), 201)

    assert made | BODY == made
    assert (made["listing"], made["status"]) == ("draft", "available")
    path = f"/merchants/animals/{made['id']}"
    assert data(owner.post(f"{path}/submit"))["listing"] == "reviewing"
    assert data(anonymous.get("/animals"))["list"] == []

    approve_animal(made["id"], actor=staff("admin"))

    assert data(anonymous.get("/animals"))["list"][0]["id"] == made["id"]
    assert data(owner.post(f"{path}/hide"))["listing"] == "hidden"
    assert data(anonymous.get("/animals"))["list"] == []
    assert data(owner.post(f"{path}/submit"))["listing"] == "published"
    moves = StatusChange.objects.filter(model="farm.animal").order_by("pk")
    assert list(moves.values_list("old", "new")) == [
        ("draft", "reviewing"), ("reviewing", "published"), ("published", "hidden"),
        ("hidden", "published"),
    ]  # fmt: skip
    told = Notification.objects.filter(user=owner.user).values_list("template", flat=True)
    assert list(told) == ["animal_published"]


def test_what_was_rejected_says_why_and_is_submitted_again(owner, staff):
    animal = data(owner.post("/merchants/animals", BODY), 201)
    path = f"/merchants/animals/{animal['id']}"
    owner.post(f"{path}/submit")
    reject_animal(animal["id"], actor=staff("admin"), reason="照片不清")

    assert data(owner.get(path))["review_note"] == "照片不清"

    data(owner.patch(path, {"personality": "温顺"}))
    assert data(owner.post(f"{path}/submit"))["listing"] == "reviewing"


@pytest.mark.parametrize(
    "fields", [{"status": "pending"}, {"status": "suspended"}, {"merchant_type": "flower_shop"}]
)
def test_only_approved_farms_make_animals(fields):
    merchant = MerchantFactory(**{"status": "approved"} | fields)

    response = Api(merchant.user).post("/merchants/animals", BODY)

    assert refusal(response) == (403, errors.NotAFarm.code)
    assert Animal.objects.count() == 0


def test_another_farms_animal_does_not_exist(farm):
    animal = AnimalFactory()
    api, path = Api(farm.user), f"/merchants/animals/{animal.pk}"

    answers = [
        api.get(path), api.patch(path, {"name": "新"}), api.delete(path), api.post(f"{path}/hide"),
        api.post(f"{path}/loss", {"reason": "走失"}),
        api.post(f"{path}/updates", {"update_type": "diary", "content": "好"}),
    ]  # fmt: skip

    assert {answer.status_code for answer in answers} == {404}
    animal.refresh_from_db()
    assert (animal.listing, animal.lost_at, animal.updates.count()) == ("published", None, 0)


def test_a_client_sets_neither_status_nor_owner(owner, farm):
    other = FarmFactory()

    sent = BODY | {"status": "claimed", "listing": "published", "merchant_id": other.pk}
    made = Animal.objects.get(pk=data(owner.post("/merchants/animals", sent), 201)["id"])

    assert (made.status, made.listing, made.merchant_id) == ("available", "draft", farm.pk)


def test_available_and_back_while_nobody_claims_it(owner, farm):
    animal = AnimalFactory(merchant=farm)
    path = f"/merchants/animals/{animal.pk}/availability"

    assert data(owner.post(path, {"available": False}))["status"] == "unavailable"
    assert data(owner.post(path, {"available": True}))["status"] == "available"


@pytest.mark.parametrize(("make", "status"), [(claimed, "unavailable"), (active, "claimed")])
def test_C3_a_claimed_animal_is_not_the_merchants_to_toggle(owner, farm, make, status):
    animal = AnimalFactory(merchant=farm)
    make(animal=animal)

    for available in (True, False):
        answer = owner.post(
            f"/merchants/animals/{animal.pk}/availability", {"available": available}
        )
        assert refusal(answer) == (409, errors.AnimalClaimed.code)

    animal.refresh_from_db()
    assert (animal.status, animal.is_offered) == (status, True)


def test_C7_an_animal_with_claims_is_not_deleted(owner, farm):
    animal, free = AnimalFactory(merchant=farm), AnimalFactory(merchant=farm)
    active(animal=animal)

    assert refusal(owner.delete(f"/merchants/animals/{animal.pk}")) == (409, 18004)
    assert data(owner.delete(f"/merchants/animals/{free.pk}")) == {}

    assert list(Animal.objects.values_list("pk", flat=True)) == [animal.pk]


def test_C7_what_was_agreed_stays_whatever_the_farm_changes(owner, farm):
    animal = AnimalFactory(merchant=farm, name="小黑", term_months=6)
    claim = active(animal=animal)

    changed = {"name": "大白", "price": 1.00, "term_months": 1, "farm_location": "北京"}
    data(owner.patch(f"/merchants/animals/{animal.pk}", changed))

    before = (claim.animal_name, claim.price_paid, claim.months, claim.merchant_id, claim.ends_at)
    claim.refresh_from_db()
    after = (claim.animal_name, claim.price_paid, claim.months, claim.merchant_id, claim.ends_at)
    assert after == before
    assert claim.agreements.get().snapshot["animal"]["name"] == "小黑"
    assert claim.order_item.unit_price == claim.price_paid


def test_health_records_are_shown_with_the_animal(owner, farm, anonymous):
    animal = AnimalFactory(merchant=farm)
    record = {"kind": "vaccination", "happened_on": "2026-05-01", "note": "口蹄疫疫苗"}

    data(owner.post(f"/merchants/animals/{animal.pk}/health-records", record), 201)

    shown = data(anonymous.get(f"/animals/{animal.pk}"))["health_records"]
    assert [{name: row[name] for name in record} for row in shown] == [record]


@time_machine.travel("2026-11-21T16:00:00Z", tick=False)  # the 22nd in Shanghai
def test_health_of_tomorrow_is_refused(db):
    animal = AnimalFactory()
    owner = Api(animal.merchant.user)
    path = f"/merchants/animals/{animal.pk}/health-records"
    record = {"kind": "checkup", "happened_on": "2026-11-23", "note": "体检"}

    assert owner.post(path, record).status_code == 400
    assert HealthRecord.objects.count() == 0
    data(owner.post(path, record | {"happened_on": "2026-11-22"}), 201)


# -- photos


def test_photos_are_uploads_of_the_farms_own_in_its_order(owner, farm, anonymous):
    first, second = FileFactory.create_batch(
        2, owner=farm.user, purpose="animal", visibility="public"
    )
    theirs = FileFactory(purpose="animal", visibility="public")
    goods = FileFactory(owner=farm.user, purpose="product", visibility="public")

    made = data(owner.post("/merchants/animals", BODY | {"photo_ids": [second.pk, first.pk]}), 201)

    assert [photo["id"] for photo in made["photos"]] == [second.pk, first.pk]
    path = f"/merchants/animals/{made['id']}"
    for wrong in (theirs, goods):
        assert refusal(owner.patch(path, {"photo_ids": [first.pk, wrong.pk]})) == (422, 14028)
    assert AnimalPhoto.objects.count() == 2
    Animal.objects.update(listing=Listing.PUBLISHED)
    shown = data(anonymous.get("/animals"))["list"][0]["photos"]
    assert [photo["id"] for photo in shown] == [second.pk, first.pk]
    assert shown[0]["url"].startswith("http")

    assert data(owner.patch(path, {"name": "小白"}))["photos"] == shown
    assert data(owner.patch(path, {"photo_ids": []}))["photos"] == []


def test_a_list_with_photos_costs_the_same_at_any_size(anonymous, django_assert_max_num_queries):
    for _ in range(4):
        AnimalFactory().photos.create(
            file=FileFactory(purpose="animal", visibility="public"), position=0
        )

    with django_assert_max_num_queries(4):
        anonymous.get("/animals")
