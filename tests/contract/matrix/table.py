"""What each route promises to whom.  A route that is not here fails the matrix."""

from config.api.permissions import LOGIN, PUBLIC
from tests.contract.matrix.check import Case
from tests.factories.accounts import PASSWORD

OWNER = frozenset({"owner"})
# An appointment exists for its two sides and for those who manage appointments.
BOTH_SIDES = frozenset({"owner", "counselor", "customer_service", "admin", "super_admin"})
# A served order exists for its buyer's app elsewhere; here for the merchant and for staff.
SERVERS = frozenset({"counselor", "finance", "customer_service", "admin", "super_admin"})
# A claim exists for its claimant, its farm and those who manage claims.
CLAIM_SIDES = frozenset({"owner", "counselor", "customer_service", "admin", "super_admin"})
FARM = frozenset({"counselor"})
SELLERS = frozenset({"counselor"})  # who has a shop in this world
NO_SHOP = frozenset({403})
NOT_THE_ACTORS = frozenset({403})  # the business itself refuses this side of the appointment


def own(**path) -> Case:
    """A row of one's own; nobody else's exists."""
    return Case(LOGIN, path=path, who=OWNER)


def side(**more) -> Case:
    """An appointment, as one of its sides or as staff."""
    return Case(LOGIN, path={"pk": "appointment_id"}, who=BOTH_SIDES, also=NOT_THE_ACTORS, **more)


def served(**more) -> Case:
    """An order to serve, for its merchant ("counselor" has the shop) and for staff."""
    return Case(LOGIN, path={"pk": "served_order_id"}, who=SERVERS, **more)


def _parcel(world) -> dict:
    return {"carrier": "SF", "tracking_number": "SF1234567890"}


def seller(**more) -> Case:
    """Something the shop offers, as its owner."""
    return Case(LOGIN, path={"pk": "goods_id"}, who=SELLERS, **more)


def staff(
    permission: str, *, also: set[int] = frozenset(), body=None, step_up: bool = False, **path
) -> Case:
    body = body or (lambda world: {})
    return Case(permission, path=path, also=frozenset(also), body=body, step_up=step_up)


def login(body) -> Case:
    return Case(PUBLIC, body=body, tokenless=True, also=frozenset({401}))


def _book(world) -> dict:
    return {
        "slot_id": world.slot_id,
        "service_id": world.service_id,
        "client_id": world.profile_id,
    }


def _client(world) -> dict:
    return {"name": "林小雨", "birth_date": "1999-01-02"}


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


def _animal(world) -> dict:
    return {"name": "花花", "species": "奶牛", "price": 100.00}


def claim_side(**more) -> Case:
    """A claim, as one of its sides or as staff."""
    return Case(LOGIN, path={"pk": "claim_id"}, who=CLAIM_SIDES, also=NOT_THE_ACTORS, **more)


def farm(pk: str = "animal_id", **more) -> Case:
    """An animal of one's own farm."""
    return Case(LOGIN, path={"pk": pk}, who=FARM, **more)


def _api_key(world) -> dict:
    return {"owner_id": world.owner_id, "name": "合作方", "scopes": ["slot:read"], "days": 30}


def _category(world) -> dict:
    return {"name": "关系", "slug": "relations"}


def _tag(world) -> dict:
    return {"name": "抑郁"}


TABLE: dict[str, Case] = {
    "GET /health": Case(PUBLIC),
    # accounts: coming in
    "POST /login": login(lambda world: {"account": "matrix_owner", "password": PASSWORD}),
    "POST /login/wx": login(lambda world: {"code": "unknown"}),
    "POST /users/login": login(lambda world: {"code": "unknown"}),
    "POST /register": login(lambda world: {"username": "newcomer", "password": "Bu-Rong-Yi-88"}),
    "POST /login/phone": login(lambda world: {"phone": "13800138111", "code": "000000"}),
    "POST /login/wx-phone": login(lambda world: {"code": "unknown", "phone_code": "unknown"}),
    "POST /sms/code": login(lambda world: {"phone": "13800138111", "purpose": "login"}),
    "POST /password/reset": login(
        lambda world: {"phone": "13800138111", "code": "000000", "password": "Bu-Rong-Yi-88"}
    ),
    "POST /email/code": login(lambda world: {"email": "new@example.com", "purpose": "bind"}),
    "POST /user/email/bind": Case(
        LOGIN, body=lambda world: {"email": "new@example.com", "code": "000000"}
    ),
    "POST /user/phone/bind": Case(
        LOGIN, body=lambda world: {"phone": "13800138111", "code": "000000"}
    ),
    "POST /user/wechat/bind": Case(LOGIN, body=lambda world: {"code": "unknown"}),
    "POST /user/merge": Case(
        LOGIN, body=lambda world: {"phone": "13800138111", "code": "000000"}, step_up=True
    ),
    "POST /step-up": Case(LOGIN, body=lambda world: {"password": PASSWORD}),
    "POST /token/refresh": login(lambda world: {"refresh": world.clients["owner"].refresh}),
    "POST /token/verify": login(lambda world: {"token": world.clients["owner"].access}),
    "POST /logout": Case(LOGIN),
    "POST /password/change": Case(
        LOGIN,
        body=lambda world: {"old_password": PASSWORD, "new_password": "Bu-Rong-Yi-88"},
    ),
    "GET /devices": Case(LOGIN),
    "GET /login-logs": Case(LOGIN),
    "DELETE /devices/<pk>": own(pk="session_id"),
    # accounts: oneself
    "GET /users/profile": Case(LOGIN, who=OWNER),
    "PUT /users/profile": Case(LOGIN, body=lambda world: {"nickname": "新名字"}),
    "PATCH /users/profile": Case(LOGIN, body=lambda world: {"nickname": "新名字"}),
    "GET /user/profile": Case(LOGIN, who=OWNER),
    "PUT /user/profile": Case(LOGIN, body=lambda world: {"nickname": "新名字"}),
    "PATCH /user/profile": Case(LOGIN, body=lambda world: {"nickname": "新名字"}),
    "POST /user/data-export": Case(LOGIN, step_up=True),
    "GET /user/deletion": Case(LOGIN),
    "POST /user/deletion": Case(LOGIN, also=frozenset({409}), step_up=True),
    "DELETE /user/deletion": Case(LOGIN, also=frozenset({404})),
    # media
    "POST /file/upload": Case(LOGIN),
    "POST /user/avatar": Case(LOGIN),
    "GET /file": Case(LOGIN, who=OWNER),
    "GET /file/<pk>": own(pk="file_id"),
    "DELETE /file/<pk>": own(pk="file_id"),
    "GET /file/download": Case(PUBLIC, also=frozenset({403})),
    "GET /file/preview": Case(PUBLIC, also=frozenset({403})),
    "GET /file/public/<key>/<name>": Case(
        PUBLIC, path={"key": "file_key", "name": "file_name"}, also=frozenset({404})
    ),
    "GET /menu/mine": Case(LOGIN),
    "GET /notifications": Case(LOGIN),
    "GET /notifications/unread-count": Case(LOGIN),
    "POST /notifications/<pk>/read": own(pk="notification_id"),
    "POST /notifications/read-all": Case(LOGIN),
    "GET /notifications/preferences": Case(LOGIN),
    "PUT /notifications/preferences": Case(
        LOGIN, body=lambda world: {"quiet_hours": {"start": "22:00", "end": "08:00"}}
    ),
    "GET /notifications/wechat/templates": Case(LOGIN, query={"scene": "booking"}),
    "POST /notifications/wechat/subscriptions": Case(
        LOGIN, body=lambda world: {"results": {"appointment_confirmed": "accept"}}
    ),
    "GET /agreements/<kind>": Case(PUBLIC, path={"kind": "agreement_kind"}),
    "GET /consents": Case(LOGIN),
    "POST /consents": Case(LOGIN, body=lambda world: {"kind": "booking", "version": world.version}),
    "DELETE /consents/<kind>": Case(LOGIN, path={"kind": "agreement_kind"}),
    # accounts: staff
    "GET /user": staff("accounts.view_user"),
    "GET /user/<pk>": staff("accounts.view_user", pk="owner_id"),
    "POST /user/<pk>/disable": staff("accounts.disable_user", pk="owner_id", step_up=True),
    "DELETE /user/<pk>": staff(
        "accounts.delete_user", also={403, 409}, pk="owner_id", step_up=True
    ),
    "POST /user/<pk>/enable": staff("accounts.disable_user", pk="disabled_id"),
    "POST /user/<pk>/unlock": staff("accounts.disable_user", also={403}, pk="owner_id"),
    "POST /user/<pk>/reveal": staff(
        "accounts.reveal_user", pk="owner_id", step_up=True,
        body=lambda world: {"field": "phone", "reason": "用户来电核对预约"},
    ),
    "POST /client-profile/<pk>/reveal": staff(
        "counseling.reveal_clientprofile", pk="profile_id", step_up=True,
        body=lambda world: {"field": "phone", "reason": "用户来电核对预约"},
    ),
    "POST /user/<pk>/roles": staff(
        "accounts.assign_role", also={403}, pk="stranger_id", step_up=True,
        body=lambda world: {"role": "content_manager"},
    ),
    "DELETE /user/<pk>/roles/<code>": staff(
        "accounts.assign_role", also={403}, pk="content_manager_id", code="role_code", step_up=True
    ),
    "POST /user": staff(
        "accounts.add_user",
        body=lambda world: {"username": "newcomer2", "password": "Bu-Rong-Yi-8866"},
    ),
    "PUT /user/<pk>": staff(
        "accounts.change_user", pk="owner_id", body=lambda world: {"nickname": "新名字"}
    ),
    "PATCH /user/<pk>": staff(
        "accounts.change_user", pk="owner_id", body=lambda world: {"nickname": "新名字"}
    ),
    "PUT /user/<pk>/tags": staff(
        "accounts.change_user", pk="owner_id", body=lambda world: {"tags": [world.user_tag_id]}
    ),
    "GET /user-tags": staff("accounts.view_usertag"),
    "GET /user-tags/<pk>": staff("accounts.view_usertag", pk="user_tag_id"),
    "POST /user-tags": staff("accounts.add_usertag", body=lambda world: {"name": "新客"}),
    "PUT /user-tags/<pk>": staff(
        "accounts.change_usertag", pk="user_tag_id", body=lambda world: {"name": "新客"}
    ),
    "PATCH /user-tags/<pk>": staff(
        "accounts.change_usertag", pk="user_tag_id", body=lambda world: {"name": "新客"}
    ),
    "DELETE /user-tags/<pk>": staff("accounts.delete_usertag", pk="other_user_tag_id"),
    "POST /user-tags/<pk>/merge": staff(
        "accounts.delete_usertag", pk="user_tag_id",
        body=lambda world: {"into": world.other_user_tag_id},
    ),
    "POST /user-tags/people": staff(
        "accounts.change_user",
        body=lambda world: {"users": [world.owner_id], "add": [world.other_user_tag_id]},
    ),
    "POST /user/export": staff(
        "accounts.export_data", body=lambda world: {"format": "xlsx"}, step_up=True
    ),
    "GET /exports": Case(LOGIN, who=OWNER),
    "GET /exports/<pk>": own(pk="export_id"),
    "DELETE /exports/<pk>": own(pk="export_id"),
    "GET /exports/<pk>/download": Case(PUBLIC, path={"pk": "export_id"}, also=frozenset({403})),
    "GET /role": staff("accounts.view_role"),
    "GET /role/permissions": staff("accounts.view_role"),
    "GET /role/<pk>": staff("accounts.view_role", pk="role_id"),
    "POST /role": staff(
        "accounts.add_role", step_up=True,
        body=lambda world: {"code": "helper", "name": "助理", "permissions": []},
    ),
    "PUT /role/<pk>": staff(
        "accounts.change_role", pk="own_role_id", step_up=True,
        body=lambda world: {"name": "早班", "permissions": ["order:manage"]},
    ),
    "PATCH /role/<pk>": staff(
        "accounts.change_role", pk="own_role_id", step_up=True,
        body=lambda world: {"description": "值夜班"},
    ),
    "DELETE /role/<pk>": staff("accounts.delete_role", pk="own_role_id", step_up=True),
    "GET /menu": staff("accounts.view_menu"),
    "GET /menu/<pk>": staff("accounts.view_menu", pk="menu_id"),
    "POST /menu": staff("accounts.add_menu", body=lambda world: {"title": "帮助", "link": "/help"}),
    "PUT /menu/<pk>": staff(
        "accounts.change_menu", pk="menu_id", body=lambda world: {"title": "帮助"}
    ),
    "PATCH /menu/<pk>": staff(
        "accounts.change_menu", pk="menu_id", body=lambda world: {"visible": False}
    ),
    "DELETE /menu/<pk>": staff("accounts.delete_menu", pk="menu_id"),
    "GET /stat/user": staff("accounts.view_statistics"),
    "POST /stat/user/export": staff(
        "accounts.export_data", body=lambda world: {"by": "week"}, step_up=True
    ),
    "GET /api-keys": staff("accounts.view_apikey"),
    "POST /api-keys": staff("accounts.add_apikey", step_up=True, body=_api_key),
    "DELETE /api-keys/<pk>": staff("accounts.revoke_apikey", step_up=True, pk="api_key_row_id"),
    # content
    "GET /category": Case(PUBLIC, scope="category:read"),
    "GET /category/<pk>": Case(PUBLIC, path={"pk": "category_id"}, scope="category:read"),
    "POST /category": staff("content.add_category", body=_category),
    "PUT /category/<pk>": staff("content.change_category", body=_category, pk="category_id"),
    "PATCH /category/<pk>": staff("content.change_category", body=_category, pk="category_id"),
    "DELETE /category/<pk>": staff("content.delete_category", pk="category_id"),
    "GET /disease-tags": Case(PUBLIC, scope="tag:read"),
    "GET /disease-tags/<pk>": Case(PUBLIC, path={"pk": "tag_id"}, scope="tag:read"),
    "POST /disease-tags": staff("content.add_diseasetag", body=_tag),
    "PUT /disease-tags/<pk>": staff("content.change_diseasetag", body=_tag, pk="tag_id"),
    "PATCH /disease-tags/<pk>": staff("content.change_diseasetag", body=_tag, pk="tag_id"),
    "DELETE /disease-tags/<pk>": staff("content.delete_diseasetag", pk="tag_id"),
    "POST /disease-tags/<pk>/merge": staff(
        "content.delete_diseasetag", pk="tag_id", body=lambda world: {"into": world.other_tag_id}
    ),
    # commerce
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
    "POST /merchants/members": Case(
        LOGIN, who=SELLERS, also=frozenset({404}),
        body=lambda world: {"user_id": world.stranger_id, "role": "clerk"},
    ),
    "PATCH /merchants/members/<pk>": Case(
        LOGIN, path={"pk": "member_id"}, who=SELLERS, body=lambda world: {"role": "manager"}
    ),
    "DELETE /merchants/members/<pk>": Case(LOGIN, path={"pk": "member_id"}, who=SELLERS),
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
    "GET /order": Case(LOGIN, who=OWNER),
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
    # counseling
    "GET /counselor": Case(PUBLIC, scope="counselor:read"),
    "GET /counselor/<pk>": Case(PUBLIC, path={"pk": "counselor_row_id"}, scope="counselor:read"),
    "GET /time-slots": Case(PUBLIC, scope="slot:read"),
    "GET /time-slots/days": Case(
        PUBLIC, query={"counselor": "1", "month": "2026-11"}, scope="slot:read"
    ),
    "GET /client-profile": Case(LOGIN, who=OWNER),
    "POST /client-profile": Case(LOGIN, body=_client),
    "GET /client-profile/<pk>": own(pk="profile_id"),
    "PUT /client-profile/<pk>": Case(
        LOGIN, path={"pk": "profile_id"}, who=OWNER, body=_client
    ),
    "PATCH /client-profile/<pk>": Case(
        LOGIN, path={"pk": "profile_id"}, who=OWNER, body=lambda world: {"name": "林小雨"}
    ),
    "DELETE /client-profile/<pk>": own(pk="profile_id"),
    "GET /appointment": Case(LOGIN, who=BOTH_SIDES),
    "GET /appointment/<pk>": side(),
    "POST /appointment": Case(LOGIN, who=OWNER, body=_book),
    "GET /appointment/<pk>/cancel-preview": side(),
    "POST /appointment/<pk>/cancel": side(body=lambda world: {"reason": "临时有事"}),
    "POST /appointment/<pk>/start": side(),
    "POST /appointment/<pk>/complete": side(),
    "POST /appointment/<pk>/no-show": side(),
    # farm
    "GET /animals": Case(PUBLIC),
    "GET /animals/<pk>": Case(PUBLIC, path={"pk": "animal_id"}),
    "GET /animals/<pk>/updates": Case(PUBLIC, path={"pk": "animal_id"}),
    "POST /animals/<pk>/claim": Case(
        LOGIN, path={"pk": "animal_id"}, body=lambda world: {"price_paid": 0}
    ),
    "GET /animals/claims": Case(LOGIN, who=OWNER),
    "GET /animals/claims/<pk>": claim_side(),
    "GET /animals/claims/<pk>/end-preview": claim_side(),
    "POST /animals/claims/<pk>/end": Case(
        LOGIN, path={"pk": "claim_id"}, who=OWNER, body=lambda world: {"reason": "搬家"}
    ),
    "GET /animals/agreements/file": Case(PUBLIC, also=frozenset({403})),
    "GET /merchants/animals": Case(LOGIN, who=FARM),
    "POST /merchants/animals": Case(LOGIN, also=frozenset({403}), body=_animal),
    "GET /merchants/animals/<pk>": farm(),
    "PUT /merchants/animals/<pk>": farm(body=_animal),
    "PATCH /merchants/animals/<pk>": farm(body=lambda world: {"name": "花花"}),
    "DELETE /merchants/animals/<pk>": farm("draft_animal_id"),
    "POST /merchants/animals/<pk>/submit": farm("draft_animal_id"),
    "POST /merchants/animals/<pk>/hide": farm(),
    "POST /merchants/animals/<pk>/availability": farm(body=lambda world: {"available": False}),
    "POST /merchants/animals/<pk>/loss": farm(body=lambda world: {"reason": "走失"}),
    "POST /merchants/animals/<pk>/updates": farm(
        body=lambda world: {"update_type": "diary", "content": "今天很乖"}
    ),
    "POST /merchants/animals/<pk>/health-records": farm(
        body=lambda world: {"kind": "checkup", "happened_on": "2026-01-02", "note": "体检"}
    ),
    "GET /merchants/claims": Case(LOGIN, who=FARM),
    "GET /merchants/claims/<pk>": claim_side(),
    "POST /merchants/claims/<pk>/end": claim_side(body=lambda world: {"reason": "同意"}),
    "POST /merchants/claims/<pk>/refuse-end": claim_side(body=lambda world: {"reason": "不同意"}),
}  # fmt: skip


def case_for(route) -> Case | None:
    return TABLE.get(f"{route.method} {route.path.removeprefix('/api/v1')}")
