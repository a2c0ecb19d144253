"""What the routes of media promise to whom."""

from config.api.permissions import LOGIN, PUBLIC
from tests.contract.matrix.check import Case
from tests.contract.matrix.table.cases import OWNER, own

TABLE: dict[str, Case] = {
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
}  # fmt: skip
