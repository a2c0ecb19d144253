"""Goods: merchants offer them, staff look at them, everybody sees what is on sale."""

from decimal import Decimal

import pytest

from accounts.models import Notification, StatusChange
from commerce.models import MerchantStatus, Product, ProductStatus
from commerce.services.merchants import suspend_merchant
from commerce.services.products import approve_product, reject_product
from config.errors import IllegalTransition
from tests.addresses import PRIVATE
from tests.commerce.books import nothing_changes
from tests.factories.accounts import UserFactory
from tests.factories.commerce import MemberFactory, MerchantFactory, ProductFactory, order_goods
from tests.factories.media import FileFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db

BODY = {
    "name": "向日葵花束", "description": "十二枝，当日鲜切", "price": 45.5,
    "image_url": "https://img.example.com/sunflower.jpg", "category": "鲜花", "status": "on_sale",
}  # fmt: skip


@pytest.fixture
def shop(user):
    """The approved merchant of the person behind `api`."""
    return MerchantFactory(user=user, status="approved", business_name="小满花店")


@pytest.fixture
def reviewer(staff):
    return staff("admin")


def listed(**query) -> list[str]:
    return [row["name"] for row in data(Api().get("/products", query))["list"]]


def test_the_contract_body_field_by_field(api, shop):
    made = data(api.post("/merchants/products", BODY), 201)

    assert made["created_at"].endswith("Z")
    shown = {name: made[name] for name in BODY}
    assert shown == BODY | {"status": "reviewing"}  # staff look at it first
    assert (made["merchant_id"], made["stock"], made["sold"], made["images"]) == (
        shop.pk, 0, 0, [],
    )  # fmt: skip
    assert data(api.get(f"/merchants/products/{made['id']}")) == made
    assert data(api.get("/merchants/products"))["list"] == [made]
    assert listed() == []


def test_the_smallest_body(api, shop):
    made = data(api.post("/merchants/products", {"name": "蜂蜜", "price": "38.00"}), 201)

    assert (made["price"], made["description"], made["category"], made["image_url"]) == (
        38.0, "", "", "",
    )  # fmt: skip
    assert (made["max_per_order"], made["needs_address"], made["status"]) == (0, True, "reviewing")


@pytest.mark.parametrize("change", [
    {"name": ""}, {"name": "x" * 65}, {"price": 0}, {"price": -1}, {"price": 1.999}, {"price": "x"},
    {"image_url": "javascript:alert(1)"}, {"status": "sold"}, {"stock": -1}, {"image_ids": [0]},
])  # fmt: skip
def test_bodies_are_checked(api, shop, change):
    assert refusal(api.post("/merchants/products", BODY | change)) == (400, 10400)
    assert Product.objects.count() == 0


@pytest.mark.parametrize("address", PRIVATE)
def test_a_picture_nobody_may_be_sent_to_is_refused(api, shop, address):
    goods = ProductFactory(merchant=shop, image_url="https://img.example.com/1.jpg")

    for answer in (
        api.post("/merchants/products", BODY | {"image_url": address}),
        api.patch(f"/merchants/products/{goods.pk}", {"image_url": address}),
    ):
        assert refusal(answer) == (400, 10400)
        assert "请填写 http 或 https 的公网网址" in answer.json()["data"]["image_url"]

    assert list(Product.objects.values_list("image_url")) == [("https://img.example.com/1.jpg",)]


def test_the_picture_of_an_upload_may_be_sent_back(api, shop, settings):
    ours = f"{settings.PUBLIC_URL}/api/v1/file/public/abc/main.webp"

    assert (
        data(api.post("/merchants/products", BODY | {"image_url": ours}), 201)["image_url"] == ours
    )


@pytest.mark.parametrize("status", ["pending", "rejected", "suspended"])
def test_only_approved_merchants_offer_anything(api, user, status):
    merchant = MerchantFactory(user=user, status=status)
    goods = ProductFactory(merchant=merchant)

    with nothing_changes():
        assert refusal(api.post("/merchants/products", BODY)) == (403, 14027)
        assert refusal(api.put(f"/merchants/products/{goods.pk}", BODY)) == (403, 14027)
        assert refusal(api.delete(f"/merchants/products/{goods.pk}")) == (403, 14027)
        stock = api.post(f"/merchants/products/{goods.pk}/stock", {"change": 1})
        assert refusal(stock) == (403, 14027)
    goods.refresh_from_db()
    assert (goods.stock, goods.archived_at) == (10, None)
    assert [row["id"] for row in data(api.get("/merchants/products"))["list"]] == [goods.pk]


def test_people_without_a_shop(api):
    with nothing_changes():
        assert refusal(api.post("/merchants/products", BODY)) == (403, 14027)
    assert data(api.get("/merchants/products"))["list"] == []


def test_strangers_goods_do_not_exist(api, shop):
    theirs = ProductFactory(name="别家的花")
    path = f"/merchants/products/{theirs.pk}"

    with nothing_changes():
        for answer in (
            api.get(path), api.put(path, BODY), api.patch(path, {"price": 1}), api.delete(path),
            api.post(f"{path}/stock", {"change": 1}), api.get(f"{path}/movements"),
        ):  # fmt: skip
            assert answer.status_code == 404

    theirs.refresh_from_db()
    assert (theirs.name, theirs.price, theirs.stock) == ("别家的花", Decimal("45.00"), 10)


def test_review_publishes_and_tells_the_merchant(api, user, shop, reviewer):
    pk = data(api.post("/merchants/products", BODY | {"stock": 5}), 201)["id"]
    office = Api(reviewer)

    approved = data(office.post(f"/merchants/products/{pk}/approve"))

    assert (approved["status"], approved["stock"]) == ("on_sale", 5)
    row = Product.objects.get(pk=pk)
    assert (row.reviewed_by, row.review_note) == (reviewer, "")
    assert row.reviewed_at >= row.submitted_at
    assert listed() == ["向日葵花束"]
    assert Notification.objects.get(user=user).template == "product_approved"
    moves = StatusChange.objects.filter(model="commerce.product", object_pk=pk).order_by("pk")
    assert [(move.old, move.new, move.actor) for move in moves] == [
        ("draft", "reviewing", user), ("reviewing", "on_sale", reviewer),
    ]  # fmt: skip


def test_a_rejection_says_why_and_is_submitted_again(api, user, shop, reviewer):
    goods = ProductFactory(merchant=shop, status="reviewing")
    office = Api(reviewer)

    assert refusal(office.post(f"/merchants/products/{goods.pk}/reject", {"reason": " "})) == (
        400, 10400,
    )  # fmt: skip
    answer = data(office.post(f"/merchants/products/{goods.pk}/reject", {"reason": "照片不清"}))
    assert answer["status"] == "rejected"
    mine = data(api.get(f"/merchants/products/{goods.pk}"))
    assert (mine["status"], mine["review_note"]) == ("rejected", "照片不清")
    assert Notification.objects.get(user=user).context["reason"] == "照片不清"

    again = data(api.patch(f"/merchants/products/{goods.pk}", {"status": "on_sale"}))
    assert (again["status"], again["review_note"]) == ("reviewing", "")


def test_a_merchant_takes_goods_off_and_puts_them_back(api, shop):
    goods = ProductFactory(merchant=shop)
    path = f"/merchants/products/{goods.pk}"

    assert data(api.patch(path, {"status": "off_sale"}))["status"] == "off_sale"
    assert listed() == []
    assert Api().get(f"/products/{goods.pk}").status_code == 404
    assert data(api.patch(path, {"status": "on_sale"}))["status"] == "on_sale"
    assert listed() == [goods.name]


@pytest.mark.parametrize(("status", "wish", "becomes"), [
    ("draft", "draft", "draft"), ("draft", "on_sale", "reviewing"), ("draft", "rejected", "draft"),
    ("reviewing", "on_sale", "reviewing"), ("reviewing", "draft", "draft"),
    ("rejected", "off_sale", "rejected"), ("rejected", "on_sale", "reviewing"),
    ("on_sale", "on_sale", "on_sale"), ("on_sale", "draft", "off_sale"),
    ("off_sale", "reviewing", "off_sale"), ("off_sale", "on_sale", "on_sale"),
])  # fmt: skip
def test_no_wish_goes_round_the_review(api, shop, status, wish, becomes):
    goods = ProductFactory(merchant=shop, status=status)

    assert data(api.patch(f"/merchants/products/{goods.pk}", {"status": wish}))["status"] == becomes


def test_only_these_moves_are_legal():
    assert set(Product.TRANSITIONS.pairs()) == {
        ("draft", "reviewing"), ("reviewing", "on_sale"), ("reviewing", "rejected"),
        ("reviewing", "draft"), ("rejected", "reviewing"), ("on_sale", "off_sale"),
        ("on_sale", "rejected"), ("off_sale", "on_sale"), ("off_sale", "rejected"),
    }  # fmt: skip


@pytest.mark.parametrize("status", ["draft", "on_sale", "off_sale", "rejected"])
def test_staff_approve_only_what_waits_for_it(reviewer, status):
    goods = ProductFactory(status=status)

    with nothing_changes(), pytest.raises(IllegalTransition):
        approve_product(goods.pk, actor=reviewer)


def test_staff_take_goods_off_the_shelf(reviewer):
    goods = ProductFactory()

    reject_product(goods.pk, actor=reviewer, reason="虚假宣传")

    goods.refresh_from_db()
    assert (goods.status, goods.review_note) == ("rejected", "虚假宣传")
    assert listed() == []


def test_nobody_approves_their_own(staff):
    boss = staff("admin")
    goods = ProductFactory(merchant__user=boss, status="reviewing")

    with nothing_changes():
        answer = Api(boss).post(f"/merchants/products/{goods.pk}/approve")
        assert answer.status_code == 403

    helper = staff("admin")
    MemberFactory(merchant=goods.merchant, user=helper, role="clerk")
    with nothing_changes():
        assert Api(helper).post(f"/merchants/products/{goods.pk}/approve").status_code == 403


def test_a_suspended_merchants_goods_are_gone_at_once(reviewer):
    goods, other = ProductFactory(), ProductFactory()
    assert set(listed()) == {goods.name, other.name}

    suspend_merchant(goods.merchant_id, actor=reviewer, reason="投诉")

    assert listed() == [other.name]
    assert Api().get(f"/products/{goods.pk}").status_code == 404
    buyer = UserFactory()
    with nothing_changes():
        body = {"items": [{"kind": "product", "target_id": goods.pk}]}
        assert refusal(Api(buyer).post("/order", body)) == (409, 14024)
    assert goods.merchant.status == MerchantStatus.APPROVED  # as it was read before


@pytest.mark.parametrize("status", ["draft", "reviewing", "off_sale", "rejected"])
def test_what_is_not_on_sale_is_nobodys_to_see_or_buy(api, status):
    goods = ProductFactory(status=status)

    assert listed() == []
    assert api.get(f"/products/{goods.pk}").status_code == 404
    with nothing_changes():
        body = {"items": [{"kind": "product", "target_id": goods.pk}]}
        assert refusal(api.post("/order", body)) == (409, 14024)


def test_searching_and_ordering():
    shop = MerchantFactory(status="approved")
    ProductFactory(merchant=shop, name="向日葵花束", price="45.00", category="鲜花")
    ProductFactory(
        merchant=shop, name="土蜂蜜", description="向阳山坡", price="38.00", category="农产"
    )
    ProductFactory(name="多肉盆栽", price="20.00", category="盆栽")

    assert listed(search="向日葵") == ["向日葵花束"]
    assert listed(search="向") == ["土蜂蜜", "向日葵花束"]
    assert listed(category="农产") == ["土蜂蜜"]
    assert listed(price_min="30", price_max="40") == ["土蜂蜜"]
    assert listed(merchant_id=shop.pk) == ["土蜂蜜", "向日葵花束"]
    assert listed(ordering="price") == ["多肉盆栽", "土蜂蜜", "向日葵花束"]
    assert listed(ordering="-price", search="向") == ["向日葵花束", "土蜂蜜"]
    assert Api().get("/products", {"price_min": "x"}).status_code == 400


def test_a_page_of_goods_costs_the_same_at_any_size(django_assert_num_queries):
    for number in range(12):
        goods = ProductFactory()
        goods.images.create(file=FileFactory(purpose="product", visibility="public"), position=0)
        if number == 1:
            with django_assert_num_queries(4):  # total, rows with merchants, images, files
                assert len(listed(size=100)) == 2
    with django_assert_num_queries(4):
        assert len(listed(size=100)) == 12


def test_public_goods_have_an_etag():
    ProductFactory()
    tag = Api().get("/products").headers["ETag"]

    assert Api().get("/products", if_none_match=tag).status_code == 304


def test_images_are_uploads_of_ones_own(api, user, shop):
    first, second = FileFactory.create_batch(2, owner=user, purpose="product", visibility="public")
    theirs = FileFactory(purpose="product", visibility="public")
    private = FileFactory(owner=user)

    made = data(api.post("/merchants/products", BODY | {"image_ids": [second.pk, first.pk]}), 201)
    path = f"/merchants/products/{made['id']}"
    assert [image["id"] for image in made["images"]] == [second.pk, first.pk]
    assert made["image_url"] == made["images"][0]["url"]
    assert made["image_url"].endswith(f"/file/public/{second.key}/main.webp")

    for wrong in (theirs, private):
        assert refusal(api.patch(path, {"image_ids": [first.pk, wrong.pk]})) == (422, 14028)
    assert [image["id"] for image in data(api.get(path))["images"]] == [second.pk, first.pk]

    assert refusal(api.delete(f"/file/{first.pk}")) == (409, 19006)
    assert data(api.patch(path, {"image_ids": [first.pk]}))["images"][0]["id"] == first.pk
    assert data(api.delete(f"/file/{second.pk}")) == {}


def test_images_are_uploaded_for_goods(api):
    from tests.factories.media import picture, upload

    answer = api.client.post(
        "/api/v1/file/upload", {"purpose": "product", "file": upload(picture())},
        headers=api.headers,
    )  # fmt: skip

    made = data(answer, 201)
    assert (made["purpose"], made["visibility"]) == ("product", "public")


def test_deleting_keeps_what_was_ordered(api, user, shop):
    unwanted, wanted = ProductFactory.create_batch(2, merchant=shop)
    buyer = UserFactory()
    order = order_goods(buyer, (wanted, 1))

    for goods in (unwanted, wanted):
        assert data(api.delete(f"/merchants/products/{goods.pk}")) == {}

    assert not Product.objects.filter(pk=unwanted.pk).exists()
    wanted.refresh_from_db()
    assert wanted.archived_at is not None
    assert data(api.get("/merchants/products"))["list"] == []
    assert listed() == []
    assert data(Api(buyer).get(f"/order/{order.pk}"))["items"][0]["title"] == wanted.name
    with nothing_changes():
        assert api.delete(f"/merchants/products/{wanted.pk}").status_code == 404


def test_a_new_price_leaves_orders_alone(api, user, shop):
    goods = ProductFactory(merchant=shop, name="旧名", price="45.00")
    buyer = UserFactory()
    order = order_goods(buyer, (goods, 2))

    data(api.patch(f"/merchants/products/{goods.pk}", {"price": 60, "name": "新名"}))

    shown = data(Api(buyer).get(f"/order/{order.pk}"))
    assert shown["total_amount"] == 90.0
    assert (shown["items"][0]["title"], shown["items"][0]["unit_price"]) == ("旧名", 45.0)
    assert ProductStatus(Product.objects.get().status) == ProductStatus.ON_SALE
