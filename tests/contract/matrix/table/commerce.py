"""What the routes of commerce promise to whom."""

from config.api.permissions import LOGIN, PUBLIC
from tests.contract.matrix.check import Case
from tests.contract.matrix.table.cases import OWNER, own, staff

# A served order exists for its buyer's app elsewhere; here for the merchant and for staff.
SERVERS = frozenset({"counselor", "finance", "customer_service", "admin", "super_admin"})
SELLERS = frozenset({"counselor"})  # who has a shop in this world
NO_SHOP = frozenset({403})


def served(**more) -> Case:
    """An order to serve, for its merchant ("counselor" has the shop) and for staff."""
    return Case(LOGIN, path={"pk": "served_order_id"}, who=SERVERS, **more)


def _parcel(world) -> dict:
    return {"carrier": "SF", "tracking_number": "SF1234567890"}


def seller(**more) -> Case:
    """Something the shop offers, as its owner."""
    return Case(LOGIN, path={"pk": "goods_id"}, who=SELLERS, **more)


def seller_of(pk: str) -> Case:
    return Case(LOGIN, path={"pk": pk}, who=SELLERS)


def _order(world) -> dict:
    options = {"service_id": world.service_id, "client_id": world.profile_id}
    return {"items": [{"kind": "appointment", "target_id": world.slot_id, "options": options}]}


def _merchant(world) -> dict:
    return {
        "merchant_type": "farm_owner",
        "business_name": "田田农场",
        "business_license": "91310000MA1FL0000X",
        "contact_person": "周田田",
        "contact_phone": "13700001111",
        "address": "上海市崇明区",
    }


def _product(world) -> dict:
    return {"name": "向日葵花束", "price": 45, "category": "鲜花"}


def _address(world) -> dict:
    return {
        "receiver": "周小舟", "phone": "13733334444", "region": "浙江省 杭州市 西湖区",
        "detail": "文三路 1 号",
    }  # fmt: skip


def _application(world) -> dict:
    return {
        "business_name": "田田农场",
        "contact_person": "周田田",
        "contact_phone": "13700001111",
        "email": "xiaoman@example.com",
    }


TABLE: dict[str, Case] = {
    "GET /merchants": Case(PUBLIC),
    "GET /merchants/<pk>": Case(PUBLIC, path={"pk": "shop_id"}),
    "GET /merchants/<pk>/reviews": Case(PUBLIC, path={"pk": "shop_id"}),
    "POST /merchants/<pk>/reviews": Case(
        LOGIN, path={"pk": "shop_id"}, who=OWNER,
        body=lambda world: {"order_id": world.done_order_id, "rating": 5},
    ),
    "POST /merchants/reviews/<pk>/reply": Case(
        LOGIN, path={"pk": "review_id"}, who=frozenset({"counselor"}),
        body=lambda world: {"reply": "谢谢"},
    ),
    "POST /merchants/reviews/<pk>/hide": staff(
        "commerce.moderate_merchantreview", pk="review_id", body=lambda world: {"reason": "广告"}
    ),
    "POST /merchants/reviews/<pk>/restore": staff(
        "commerce.moderate_merchantreview", pk="hidden_review_id"
    ),
    "GET /order/<pk>/review": own(pk="sent_order_id"),
    "POST /order/<pk>/review": Case(
        LOGIN, path={"pk": "done_order_id"}, who=OWNER, body=lambda world: {"rating": 5}
    ),
    "GET /merchants/mine": Case(LOGIN, also=frozenset({404})),
    "GET /merchants/ledger": Case(LOGIN),
    "POST /merchants/ledger/export": Case(LOGIN, also=NO_SHOP, step_up=True),
    "GET /merchants/balance": Case(LOGIN, also=frozenset({404})),
    "POST /merchants/register": Case(LOGIN, body=_merchant),
    "PUT /merchants/<pk>": Case(LOGIN, path={"pk": "merchant_id"}, who=OWNER, body=_merchant),
    "PATCH /merchants/<pk>": Case(
        LOGIN, path={"pk": "merchant_id"}, who=OWNER, body=lambda world: {"address": "上海"}
    ),
    "POST /merchants/<pk>/approve": staff("commerce.review_merchant", pk="merchant_id"),
    "POST /merchants/<pk>/reject": staff(
        "commerce.review_merchant", pk="merchant_id", body=lambda world: {"reason": "照片不清"}
    ),
    "POST /merchants/<pk>/suspend": staff(
        "commerce.review_merchant", pk="shop_id", body=lambda world: {"reason": "投诉"}
    ),
    "GET /products": Case(PUBLIC),
    "GET /products/<pk>": Case(PUBLIC, path={"pk": "goods_id"}),
    "GET /merchants/products": Case(LOGIN, who=SELLERS),
    "POST /merchants/products": Case(LOGIN, who=SELLERS, also=NO_SHOP, body=_product),
    "GET /merchants/products/<pk>": Case(LOGIN, path={"pk": "goods_id"}, who=SELLERS),
    "PUT /merchants/products/<pk>": seller(body=_product),
    "PATCH /merchants/products/<pk>": seller(body=lambda world: {"category": "鲜花"}),
    "DELETE /merchants/products/<pk>": seller(),
    "POST /merchants/products/<pk>/stock": seller(body=lambda world: {"change": 5}),
    "GET /merchants/products/<pk>/movements": Case(
        LOGIN, path={"pk": "goods_id"}, who=SELLERS
    ),
    "POST /merchants/products/<pk>/approve": staff("commerce.review_product", pk="new_goods_id"),
    "POST /merchants/products/<pk>/reject": staff(
        "commerce.review_product", pk="new_goods_id", body=lambda world: {"reason": "照片不清"}
    ),
    "GET /merchants/members": Case(LOGIN, who=SELLERS),
    "PATCH /merchants/members/<pk>": Case(
        LOGIN, path={"pk": "member_id"}, who=SELLERS, body=lambda world: {"role": "manager"}
    ),
    "DELETE /merchants/members/<pk>": Case(LOGIN, path={"pk": "member_id"}, who=SELLERS),
    "GET /merchants/invitations": Case(LOGIN, who=SELLERS),
    "POST /merchants/invitations": Case(
        LOGIN, who=SELLERS, also=frozenset({404}),
        body=lambda world: {"user_id": world.stranger_id, "role": "clerk"},
    ),
    "GET /merchants/invitations/mine": Case(LOGIN, who=OWNER),
    "POST /merchants/invitations/<pk>/accept": own(pk="invitation_id"),
    "POST /merchants/invitations/<pk>/decline": own(pk="invitation_id"),
    "POST /merchants/invitations/<pk>/withdraw": seller_of("sent_invitation_id"),
    "POST /website/merchant/apply": Case(PUBLIC, body=_application),
    "GET /addresses": Case(LOGIN, who=OWNER),
    "POST /addresses": Case(LOGIN, body=_address),
    "GET /addresses/<pk>": own(pk="address_id"),
    "PUT /addresses/<pk>": Case(
        LOGIN, path={"pk": "address_id"}, who=OWNER, body=_address
    ),
    "PATCH /addresses/<pk>": Case(
        LOGIN, path={"pk": "address_id"}, who=OWNER, body=lambda world: {"detail": "文三路 2 号"}
    ),
    "DELETE /addresses/<pk>": own(pk="address_id"),
    "GET /merchants/orders": Case(LOGIN, who=SERVERS),
    "POST /merchants/orders/export": Case(LOGIN, also=NO_SHOP, step_up=True),
    "GET /merchants/orders/<pk>": served(),
    "POST /merchants/orders/<pk>/ship": served(body=lambda world: {"parcels": [_parcel(world)]}),
    "POST /merchants/orders/<pk>/correct": Case(
        LOGIN, path={"pk": "sent_order_id"}, who=SERVERS,
        body=lambda world: {"shipment_id": world.shipment_id, "parcel": _parcel(world)},
    ),
    "PUT /merchants/orders/<pk>/note": served(body=lambda world: {"note": "多送一枝"}),
    "POST /merchants/orders/verify": Case(
        LOGIN, who=SERVERS, also=frozenset({404}), body=lambda world: {"code": world.code}
    ),
    "GET /order": Case(LOGIN, who=OWNER, query={"size": "100"}),  # the first is on the last page
    "GET /order/<pk>": own(pk="order_id"),
    "POST /order": Case(LOGIN, who=OWNER, body=_order),
    "POST /order/<pk>/cancel": own(pk="order_id"),
    "POST /order/<pk>/confirm": own(pk="sent_order_id"),
    "DELETE /order/<pk>": own(pk="done_order_id"),
    "POST /pay": Case(
        LOGIN, who=OWNER, also=frozenset({404}), body=lambda world: {"order_id": world.order_id}
    ),
    "GET /pay/<pk>": own(pk="payment_id"),
    "GET /pay/methods": Case(LOGIN),
    "GET /refund": Case(LOGIN, who=OWNER),
    "GET /refund/<pk>": own(pk="refund_id"),
    "POST /refund": Case(
        LOGIN, who=OWNER, also=frozenset({404}),
        body=lambda world: {"order_id": world.paid_order_id, "reason_code": "other"},
    ),
    "GET /stat/order": Case(LOGIN, also=NO_SHOP),
    "POST /stat/order/export": staff(
        "accounts.export_data", body=lambda world: {"by": "week"}, step_up=True
    ),
}  # fmt: skip
