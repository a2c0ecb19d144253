"""Both sides of the comparison on one database, asked the same questions."""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import orjson
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from accounts.services.sessions import Device, open_session
from accounts.wechat import WeChatPerson, wechat_client
from tests.benchmarks import gateway
from tests.benchmarks.floor.bare import Bare
from tests.benchmarks.floor.store import Store
from tests.benchmarks.seed import OPENID, Seeded, seed

APPID = "wxbench0000000000"
OVERRIDES = {
    "DEBUG": False,
    "WX_APPID": APPID,
    "PAYMENT_GATEWAYS": {"wechat": "tests.benchmarks.gateway.InstantGateway"},
    "THROTTLE_RATES": dict.fromkeys(("read", "write", "login"), 10**9),
}
MANY_HOLDS = (10**6, "", int)


@dataclass
class Ask:
    """One kind of request.  body: makes a new body for each call; None: there is none."""

    name: str
    method: str
    path: str
    query: str = ""
    body: Callable[[], dict] | None = None
    by: str = "user"  # or "staff"


@dataclass
class Subject:
    """The application and its floor, with a seeded database."""

    seeded: Seeded
    app: Callable
    floor: Bare
    asks: dict[str, Ask] = field(default_factory=dict)

    def __post_init__(self):
        counselor = self.seeded.counselor_id
        self._free = iter(self.seeded.slot_ids)
        self._orders: list[int] = []
        asks = [
            Ask("health", "GET", "/api/v1/health"),
            Ask("profile", "GET", "/api/v1/users/profile"),
            Ask("counselors", "GET", "/api/v1/counselor", "size=20"),
            Ask("counselor", "GET", f"/api/v1/counselor/{counselor}"),
            Ask("time-slots", "GET", "/api/v1/time-slots", f"counselor={counselor}&size=20"),
            Ask("booking", "POST", "/api/v1/appointment", body=self._booking),
            Ask("pay", "POST", "/api/v1/pay", body=self._payment),
            Ask("login", "POST", "/api/v1/login/wx", body=lambda: {"code": "bench"}),
            Ask("refresh", "POST", "/api/v1/token/refresh", body=self._refresh),
            Ask("users", "GET", "/api/v1/user", "size=20", by="staff"),
        ]
        self.asks = {ask.name: ask for ask in asks}

    def environ(self, ask: Ask) -> dict:
        body = orjson.dumps(ask.body()) if ask.body else b""
        return {
            "REQUEST_METHOD": ask.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": ask.path,
            "QUERY_STRING": ask.query,
            "CONTENT_TYPE": "application/json" if body else "",
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "HTTP_ACCEPT": "*/*",
            "HTTP_USER_AGENT": "MicroMessenger",
            "HTTP_AUTHORIZATION": f"Bearer {self.seeded.tokens[ask.by]}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def call(self, side: Callable, environ: dict) -> tuple[str, bytes]:
        """(status line, body) of one request."""
        seen = []
        answer = side(environ, lambda status, headers, exc_info=None: seen.append(status))
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        return seen[0], body

    def environs(self, ask: Ask, count: int) -> Iterator[dict]:
        return (self.environ(ask) for _ in range(count))

    def _booking(self) -> dict:
        return {
            "slot_id": next(self._free),
            "service_id": self.seeded.service_id,
            "client_id": self.seeded.client_id,
        }

    def _refresh(self) -> dict:
        """A token that nobody used yet."""
        return {"refresh": open_session(self.seeded.user, method="bench", device=Device()).refresh}

    def _payment(self) -> dict:
        """Pays an order that a booking of this run left unpaid, or one that is placed for it."""
        self._orders = self._orders or self._unpaid()
        if not self._orders:
            self.call(self.app, self.environ(self.asks["booking"]))
            self._orders = self._unpaid()
        return {"order_id": self._orders.pop(), "method": "wechat"}

    def _unpaid(self) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM commerce_order WHERE status = 'pending' AND id NOT IN"
                " (SELECT order_id FROM commerce_payment)"
            )
            return [pk for (pk,) in cursor.fetchall()]


def build(scale: str) -> Subject:
    """Seed the current (empty, migrated) database and put both sides on it.

    Changes settings of this process: call it where nothing else runs.
    """
    for name, value in OVERRIDES.items():
        setattr(settings, name, value)
    settings.CONSTANCE_CONFIG = settings.CONSTANCE_CONFIG | {"MAX_UNPAID_HOLDS": MANY_HOLDS}
    seeded = seed(scale, appid=APPID)
    # WeChat's network is left out on both sides; this client is nobody else's: the appid is ours.
    wechat_client().code2session = lambda code: WeChatPerson(OPENID)
    floor = Bare(
        Store(connection.settings_dict),
        jwt_key=settings.JWT_SIGNING_KEY,
        field_keys=settings.FIELD_KEYS,
        appid=APPID,
        provider=gateway,
        openid_of=lambda code: OPENID,
    )
    return Subject(seeded, WSGIHandler(), floor)
