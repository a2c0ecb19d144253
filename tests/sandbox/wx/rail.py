"""The rail `wx`: dispatches the calls of api.weixin.qq.com."""

from collections.abc import Callable
from typing import Any

from ..faults import ANSWER, Fault, spoil
from ..web import Request, Response, Router, flatten, json_response
from .app import load_app
from .control import WxControl
from .errors import WxError
from .login import Login
from .messages import Messages
from .moderation import Moderation
from .push import Push
from .shipping import Shipping
from .tokens import Tokens


class WeChatApi:
    """All answers are HTTP 200; the result is in `errcode`."""

    name = "wx"
    port_offset = 1

    def __init__(self, world):
        self.world = world
        self.app = load_app(world.data)
        world.people.appids.append(self.app.appid)
        self.tokens = Tokens(world, self.app)
        self.login = Login(world, self.app)
        self.messages = Messages(world, self.app)
        self.moderation = Moderation(world, self.app)
        self.push = Push(world, self.app)
        self.shipping = Shipping(world, self.app)
        self._router = self._routes()
        ops = [route.op for route in self._router.routes]
        world.faults.know(self.name, ops, code=r"-?\d+")

    def handle(self, request: Request) -> Response:
        route, _ = self._router.find(request)
        if route is None:
            if self._router.knows_path(request.path):
                return json_response(WxError(43002).answer())
            return Response(404, b"", {"Content-Type": "text/html"})
        fault = self.world.faults.take(self.name, route.op, _fields(request), ANSWER)
        if fault and fault.kind == "status":
            return Response(int(fault.argument), b"Bad Gateway", {"Content-Type": "text/html"})
        answer = _run(route.handler, request, fault)
        # The login call really answers JSON under this type.
        plain = route.op == "jscode2session"
        response = json_response(answer, content_type="text/plain") if plain else None
        return spoil(response or json_response(answer), fault)

    def add_control(self, router: Router) -> None:
        WxControl(self).add_to(router)

    def env(self, base: str) -> dict[str, str]:
        return {
            "WX_API_BASE": base,
            "WX_APPID": self.app.appid,
            "WX_APPSECRET": self.app.appsecret,
            "WX_PUSH_TOKEN": self.app.push_token,
            "WX_PUSH_AES_KEY": self.app.push_aes_key,
        }

    def lists(self) -> dict[str, list[dict[str, Any]]]:
        grants = [vars(grant) for grant in list(self.messages.grants.values())]
        return {"Subscribe message grants": grants}

    def reset(self) -> None:
        self.login.reset()

    def _routes(self) -> Router:
        router = Router()
        add, call = router.add, self._with_token
        add("GET", "/sns/jscode2session", lambda r: self.login.session(r.query), "jscode2session")
        add("GET", "/cgi-bin/token", lambda r: self.tokens.plain(r.query), "token")
        add(
            "POST",
            "/cgi-bin/stable_token",
            lambda r: self.tokens.stable(_body(r)),
            "stable_token",
        )
        phone = call(lambda r: self.login.phone(_body(r)))
        add("POST", "/wxa/business/getuserphonenumber", phone, "getuserphonenumber")
        send = call(lambda r: self.messages.send(r.body, _body(r)))
        add("POST", "/cgi-bin/message/subscribe/send", send, "subscribe_send")
        check = call(lambda r: self.moderation.check(_body(r)))
        add("POST", "/wxa/msg_sec_check", check, "msg_sec_check")
        base, shipping = "/wxa/sec/order", self.shipping
        managed = call(lambda r: shipping.is_managed(_body(r)))
        add("POST", f"{base}/is_trade_managed", managed, "is_trade_managed")
        upload = call(lambda r: shipping.upload(_body(r)))
        add("POST", f"{base}/upload_shipping_info", upload, "upload_shipping_info")
        add("POST", f"{base}/get_order", call(lambda r: shipping.order(_body(r))), "get_order")
        return router

    def _with_token(self, call: Callable[[Request], dict]) -> Callable[[Request], dict]:
        """A call that needs an access token and reports success with errcode 0."""

        def checked(request: Request) -> dict[str, Any]:
            self.tokens.check(request.query.get("access_token"))
            return {"errcode": 0, "errmsg": "ok"} | call(request)

        return checked


def _run(handler: Callable, request: Request, fault: Fault | None) -> dict[str, Any]:
    if fault and fault.kind == "error":
        return WxError(int(fault.argument)).answer()
    try:
        return handler(request)
    except WxError as error:
        return error.answer()


def _body(request: Request) -> dict[str, Any]:
    if not request.body:
        raise WxError(44002)
    try:
        data = request.json()
    except ValueError:
        raise WxError(47001) from None
    if not isinstance(data, dict):
        raise WxError(47001)
    return data


def _fields(request: Request) -> dict[str, Any]:
    """What a fault may match: the query and the body's fields."""
    try:
        body = request.json() if request.body else {}
    except ValueError:
        body = {}
    return {**request.query, **flatten(body)}
