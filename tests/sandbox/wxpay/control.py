"""Control calls about WeChat Pay: the payer's side, the provider's books and made-up notices."""

from dataclasses import asdict
from typing import Any

from ..control import PREFIX, ControlError, find_persona, read_number, read_object
from ..paying import HANDLINGS, read_delivery, translate
from ..web import Request, Router
from .errors import PayError
from .forging import build_notice
from .refunds import ENDS, STATUSES, Refund, RefundSettings
from .signing import check_pay_sign
from .trades import Trade


class PayControl:
    def __init__(self, rail):
        self._rail, self._world = rail, rail.world

    def add_to(self, router: Router) -> None:
        base = f"{PREFIX}/wxpay"
        routes = [
            ("POST", "request-payment", self._request_payment),
            ("POST", "pay/{out_trade_no}", self._pay),
            ("GET", "trades", self._trades),
            ("GET", "trades/{out_trade_no}", self._trade),
            ("GET", "refunds", self._refunds),
            ("GET", "refunds/{out_refund_no}", self._refund),
            ("POST", "refunds/{out_refund_no}", self._settle),
            ("GET", "refund-settings", lambda r: self._rail.refunds.settings),
            ("POST", "refund-settings", self._change_settings),
            ("GET", "book", lambda r: self._rail.book.describe()),
            ("POST", "notice", self._notice),
            ("POST", "rotate-certificate", self._rotate),
        ]
        for method, path, handler in routes:
            router.add(method, f"{base}/{path}", translate(handler, PayError, _read))

    # -- what `wx.requestPayment` does

    def _request_payment(self, request: Request) -> Any:
        order = read_object(request)
        handling, copies = read_delivery(order)
        trade = self._check_payment(order)
        outcome = order.get("outcome", "ok")
        if outcome not in ("ok", "cancel", "fail"):
            raise ControlError("outcome: ok, cancel or fail")
        if outcome != "ok":
            return {"errMsg": _client_text(outcome), "trade": self._rail.trades.view(trade)}
        notice = self._rail.pay(trade, handling, copies)
        return self._paid(trade, notice.id)

    def _check_payment(self, order: dict[str, Any]) -> Trade:
        """All that the client checks before it shows the payment sheet."""
        for name in ("timeStamp", "nonceStr", "package", "signType", "paySign"):
            if not isinstance(order.get(name), str) or not order[name]:
                raise _refused(f"parameter error: parameter.{name} should be String")
        if not order["timeStamp"].isdigit():
            raise _refused("parameter error: parameter.timeStamp should be seconds")
        if len(order["nonceStr"]) > 32:
            raise _refused("parameter error: parameter.nonceStr is too long")
        if order["signType"] != "RSA":
            raise _refused("parameter error: parameter.signType should be RSA")
        if not order["package"].startswith("prepay_id="):
            raise _refused("parameter error: parameter.package should be prepay_id=...")
        appid = order.get("appId") or self._world.people.appids[0]
        parts = [appid, order["timeStamp"], order["nonceStr"], order["package"]]
        if not check_pay_sign(self._rail.keys, parts, order["paySign"]):
            raise _refused("支付验证签名失败")
        return self._payable(order["package"].removeprefix("prepay_id="), appid, order)

    def _payable(self, prepay_id: str, appid: str, order: dict[str, Any]) -> Trade:
        with self._world.store.lock:
            trade = self._rail.trades.by_prepay(prepay_id)
        if trade is None:
            raise _refused("prepay_id已过期或不存在")
        if trade.appid != appid:
            raise _refused("appid和prepay_id不匹配")
        if order.get("persona"):
            persona = find_persona(self._world, order["persona"])
            if self._world.people.openid(persona, appid) != trade.openid:
                raise _refused("下单账号与支付账号不一致")
        return trade

    def _pay(self, request: Request, out_trade_no: str) -> Any:
        """The person pays without our client knowing, perhaps too late."""
        order = read_object(request)
        handling, copies = read_delivery(order)
        trade = self._rail.trades.need(out_trade_no)
        notice = self._rail.pay(trade, handling, copies, force=order.get("force") is True)
        return self._paid(trade, notice.id)

    def _paid(self, trade: Trade, notice_id: str) -> dict[str, Any]:
        view = self._rail.trades.view(trade)
        return {"errMsg": _client_text("ok"), "trade": view, "notice": notice_id}

    # -- records

    def _trades(self, request: Request) -> dict[str, Any]:
        return {"trades": [self._trade_row(trade) for trade in self._rail.trades.all()]}

    def _trade(self, request: Request, out_trade_no: str) -> dict[str, Any]:
        return self._trade_row(self._rail.trades.need(out_trade_no))

    def _trade_row(self, trade: Trade) -> dict[str, Any]:
        """The provider's view plus what only its own records show."""
        more = {
            name: value for name, value in asdict(trade).items() if name not in ("fingerprint",)
        }
        return more | self._rail.trades.view(trade)

    def _refunds(self, request: Request) -> dict[str, Any]:
        return {"refunds": [self._refund_row(refund) for refund in self._rail.refunds.all()]}

    def _refund(self, request: Request, out_refund_no: str) -> dict[str, Any]:
        return self._refund_row(self._rail.refunds.need(out_refund_no))

    def _refund_row(self, refund: Refund) -> dict[str, Any]:
        more = {"reason": refund.reason, "notify_url": refund.notify_url}
        return self._rail.refunds.view(refund) | more

    def _settle(self, request: Request, out_refund_no: str) -> dict[str, Any]:
        order = read_object(request)
        status, handling = order.get("status", "SUCCESS"), order.get("notify", "auto")
        if status not in STATUSES:
            raise ControlError(f"status: one of {STATUSES}")
        if handling not in (*HANDLINGS, "none"):
            raise ControlError("notify: auto, hold or none")
        refund = self._rail.refunds.need(out_refund_no)
        if not self._rail.refunds.settle(refund, status):
            raise ControlError(f"the refund is {refund.status} already", 409)
        notice = None
        if status != "PROCESSING" and handling != "none":
            notice = self._rail.announce_refund(refund, handling)
        return self._refund_row(refund) | {"notice": notice.id if notice else None}

    def _change_settings(self, request: Request) -> RefundSettings:
        order = read_object(request)
        settings = RefundSettings(**vars(self._rail.refunds.settings))
        if unknown := set(order) - set(vars(settings)):
            raise ControlError(f"refund-settings: unknown {sorted(unknown)}")
        if order.get("result", "SUCCESS") not in ENDS:
            raise ControlError(f"result: one of {ENDS}")
        for name in ("seconds", "spacing"):
            if order.get(name) is not None:
                read_number(order, name)
        for name, value in order.items():
            setattr(settings, name, value)
        self._rail.refunds.change_settings(settings)
        return settings

    def _notice(self, request: Request) -> dict[str, Any]:
        return build_notice(self._rail, read_object(request))

    def _rotate(self, request: Request) -> dict[str, Any]:
        self._rail.keys.rotate_platform()
        return {"serials": [known.serial for known in self._rail.keys.platform]}


def _read(error: PayError) -> tuple[str, str, bool]:
    return error.message, error.code, error.status == 404


def _client_text(outcome: str) -> str:
    """`errMsg` as the mini-program's callback gets it."""
    return f"requestPayment:{ {'ok': 'ok', 'cancel': 'fail cancel', 'fail': 'fail'}[outcome] }"


def _refused(reason: str) -> ControlError:
    return ControlError(reason, errMsg=f"requestPayment:fail {reason}")
