"""Control calls about WeChat: what a person does in the client, without a phone."""

from typing import Any

from ..control import PREFIX, ControlError, find_persona, read_object
from ..web import Request, Router


class WxControl:
    def __init__(self, rail):
        self._rail, self._world = rail, rail.world

    def add_to(self, router: Router) -> None:
        add = router.add
        add("POST", f"{PREFIX}/wx/login-code", self._login_code)
        add("POST", f"{PREFIX}/wx/phone-code", self._phone_code)
        add("POST", f"{PREFIX}/wx/subscribe", self._subscribe)
        add("POST", f"{PREFIX}/wx/templates", self._register)
        add("GET", f"{PREFIX}/wx/templates", self._templates)
        add("GET", f"{PREFIX}/wx/grants", self._grants)
        add("POST", f"{PREFIX}/wx/push", self._push)
        add("GET", f"{PREFIX}/wx/deliveries", self._deliveries)
        add("POST", f"{PREFIX}/wx/trade-management", self._manage)

    def _login_code(self, request: Request) -> dict[str, Any]:
        return self._code(request, "login")

    def _phone_code(self, request: Request) -> dict[str, Any]:
        return self._code(request, "phone")

    def _code(self, request: Request, kind: str) -> dict[str, Any]:
        order = read_object(request)
        persona = find_persona(self._world, order.get("persona"))
        appid = str(order.get("appid") or self._rail.app.appid)
        return {"code": self._rail.login.issue(kind, persona.id, appid)}

    def _subscribe(self, request: Request) -> Any:
        order = read_object(request)
        persona = find_persona(self._world, order.get("persona"))
        if not order.get("template_id"):
            raise ControlError("template_id: required")
        openid = self._world.people.openid(persona, self._rail.app.appid)
        choice = order.get("choice", "accept")
        return self._rail.messages.choose(openid, str(order["template_id"]), choice)

    def _register(self, request: Request) -> Any:
        return self._rail.messages.register(read_object(request))

    def _templates(self, request: Request) -> dict[str, Any]:
        return {"templates": list(self._rail.messages.templates.values())}

    def _push(self, request: Request) -> dict[str, Any]:
        """Deliver an event, or (`"build": true`) only show what would be posted."""
        order, push = read_object(request), self._rail.push
        notice = push.notice(order)
        if order.get("build"):
            parcel = push.seal(notice, forged=order.get("forged") is True)
            return {"url": parcel.url, "headers": parcel.headers, "body": parcel.body.decode()}
        self._world.courier.post(notice, copies=int(order.get("copies", 1)))
        return {"id": notice.id}

    def _grants(self, request: Request) -> dict[str, Any]:
        return {"grants": list(self._rail.messages.grants.values())}

    def _deliveries(self, request: Request) -> dict[str, Any]:
        return {"deliveries": list(self._rail.shipping.deliveries.values())}

    def _manage(self, request: Request) -> Any:
        return self._rail.shipping.manage(read_object(request).get("managed") is True)
