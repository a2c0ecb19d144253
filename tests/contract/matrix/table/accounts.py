"""What the routes of accounts promise to whom."""

from config.api.permissions import LOGIN, PUBLIC
from tests.contract.matrix.check import Case
from tests.contract.matrix.table.cases import OWNER, login, own, staff
from tests.factories.accounts import PASSWORD


def _api_key(world) -> dict:
    return {"owner_id": world.owner_id, "name": "合作方", "scopes": ["slot:read"], "days": 30}


TABLE: dict[str, Case] = {
    # coming in
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
    # oneself
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
    # staff
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
}  # fmt: skip
