"""The rail `sms`: one port for two providers, told apart by what a request carries."""

from typing import Any

from ..faults import DISPATCH, PLAIN_ANSWER, Fault, spoil
from ..web import Request, Response, Router, flatten, json_response
from .aliyun import Aliyun
from .aliyun_errors import AliyunError
from .aliyun_signing import WINDOW, AliyunGate
from .control import SmsControl
from .desk import Desk
from .keys import load_keys
from .nonces import Nonces
from .reports import Reports
from .tencent import Tencent
from .tencent_errors import TencentError
from .tencent_signing import check_request

JSON_TYPES = {"aliyun": "application/json;charset=utf-8", "tencent": "application/json"}


class ShortMessages:
    """`X-TC-Action` means Tencent; an ACS3 signature or an `Action` parameter means Aliyun."""

    name = "sms"
    port_offset = 5

    def __init__(self, world):
        self.world = world
        self.keys = load_keys(world.data)
        self.desk = Desk(world, self.keys)
        self.aliyun, self.tencent = Aliyun(self.desk), Tencent(self.desk)
        # A request may come from the future by as much as from the past.
        nonces = Nonces(world, 2 * WINDOW)
        self.gate = AliyunGate(self.keys.aliyun_key_id, self.keys.aliyun_key_secret, nonces)
        self.reports = Reports(world)
        code = r"is[vp]\.[A-Z_]+|[A-Z]\w+(\.[A-Z]\w+)*"
        ops = ("aliyun", "tencent")
        world.faults.know(self.name, ops, code, PLAIN_ANSWER | DISPATCH)

    def handle(self, request: Request) -> Response:
        if request.headers.get("X-TC-Action"):
            return self._tencent(request)
        return self._aliyun(request)

    def add_control(self, router: Router) -> None:
        SmsControl(self).add_to(router)

    def env(self, base: str) -> dict[str, str]:
        return {
            "SMS_ALIYUN_ENDPOINT": base,
            "SMS_ALIYUN_KEY_ID": self.keys.aliyun_key_id,
            "SMS_ALIYUN_KEY_SECRET": self.keys.aliyun_key_secret,
            "SMS_TENCENT_ENDPOINT": base,
            "SMS_TENCENT_SECRET_ID": self.keys.tencent_secret_id,
            "SMS_TENCENT_SECRET_KEY": self.keys.tencent_secret_key,
            "SMS_TENCENT_APPID": self.keys.tencent_appid,
            "SMS_SIGN_NAME": self.keys.sign_name,
        }

    def lists(self) -> dict[str, list[dict[str, Any]]]:
        return {"SMS templates": [vars(template) for template in self.desk.registry.templates()]}

    def reset(self) -> None:
        """Everything is in the store's tables."""

    def _aliyun(self, request: Request) -> Response:
        fault = None
        try:
            params = self.gate.admit(request, self.world.clock.wall())
            fields = params | {"phone": params.get("PhoneNumbers", "")}
            fault = self._fault("aliyun", fields)
            if fault and fault.kind == "error":
                raise AliyunError(fault.argument)
            status, answer = 200, None if _is_status(fault) else self.aliyun.send(params)
        except AliyunError as error:
            status, answer = error.status, error.answer()
        return _finish("aliyun", status, answer, fault)

    def _tencent(self, request: Request) -> Response:
        keys, fault = self.keys, None
        try:
            wall = self.world.clock.wall()
            check_request(keys.tencent_secret_id, keys.tencent_secret_key, request, wall)
            body = _json(request)
            fault = self._fault("tencent", flatten(body) | {"phone": _first_phone(body)})
            trouble = fault.argument if fault and fault.kind == "error" else ""
            if trouble and not TencentError(trouble).is_of_a_number:
                raise TencentError(trouble)
            headers = {name.lower(): value for name, value in request.headers.items()}
            answer = None if _is_status(fault) else self.tencent.send(headers, body, trouble)
        except TencentError as error:
            answer = error.answer()
        return _finish("tencent", 200, answer, fault)

    def _fault(self, provider: str, fields: dict[str, Any]) -> Fault | None:
        return self.world.faults.take(self.name, provider, fields, PLAIN_ANSWER)


def _finish(provider: str, status: int, answer: Any, fault: Fault | None) -> Response:
    if fault and _is_status(fault):
        return Response(int(fault.argument), b"Bad Gateway", {"Content-Type": "text/html"})
    return spoil(json_response(answer, status, JSON_TYPES[provider]), fault)


def _is_status(fault: Fault | None) -> bool:
    return fault is not None and fault.kind == "status"


def _json(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        raise TencentError("InvalidParameter") from None


def _first_phone(body: Any) -> str:
    """Eleven digits, as the other provider has them, so that a fault may match both."""
    phones = body.get("PhoneNumberSet") if isinstance(body, dict) else None
    return str(phones[0]).removeprefix("+86") if isinstance(phones, list) and phones else ""
