"""The control API for Python callers: tests, journeys and the demo command."""

from collections.abc import Mapping
from typing import Any

import httpx

from .alipay.calls import AlipayCalls
from .s3.calls import S3Calls
from .sms.calls import SmsCalls
from .unionpay.calls import UnionPayCalls
from .waiting import wait_for

PREFIX = "/__sandbox__"

Json = dict[str, Any]


class SandboxRefusedError(Exception):
    """A control call that was not answered with 2xx; `body` says why."""

    def __init__(self, method: str, path: str, status: int, body: Any):
        super().__init__(f"{method} {path}: {status} {body}")
        self.status = status
        self.body = body


class SandboxClient(AlipayCalls, UnionPayCalls, SmsCalls, S3Calls):
    """One method per control call. Safe to share between threads."""

    def __init__(self, control_url: str, timeout: float = 15.0):
        self.url = control_url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, timeout=timeout, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> "SandboxClient":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def bill(self, rail: str, day: str, rows: list[Json] | None = None, spoil: str = "") -> Json:
        """What a provider's bill of that day says: these rows (amounts in fen; tests.sandbox.bills)
        or, without any, its book's; spoil: hash, short or late."""
        return self._post(f"/{rail}/bills/{day}", {"rows": rows, "spoil": spoil})

    # -- the world

    def health(self) -> Json:
        return self._get("/health")

    def reset(self) -> None:
        """Forget all state and reset the clock; keys stay."""
        self._post("/reset", {})

    def clock(
        self, advance: float | None = None, scale: float | None = None, reset: bool = False
    ) -> Json:
        """Move the virtual clock; without arguments, read it."""
        order = {"advance_seconds": advance, "scale": scale, "reset": reset or None}
        order = _given(order)
        return self._post("/clock", order) if order else self._get("/clock")

    def fault(
        self,
        action: str,
        rail: str = "*",
        op: str = "*",
        match: Mapping[str, Any] | None = None,
        times: int | None = 1,
    ) -> Json:
        """Order trouble, e.g. `fault("error:SYSTEM_ERROR", "wxpay", "refund")`."""
        order = {"rail": rail, "op": op, "match": dict(match or {}), "times": times}
        return self._post("/faults", order | {"action": action})

    def faults(self) -> list[Json]:
        """The faults still waiting."""
        return self._get("/faults")["faults"]

    def clear_faults(self, fault_id: str | None = None) -> None:
        self._call("DELETE", f"/faults/{fault_id}" if fault_id else "/faults")

    def outbox(self, kind: str | None = None, **filters: Any) -> list[Json]:
        """What was sent, by `kind` ("subscribe", "sms", "notify"), `since`, `to` or any field."""
        return self._get("/outbox", _given({"kind": kind, **filters}))["entries"]

    def release(self, notice_id: str) -> Json:
        """Deliver a held notice now, or any other one once more."""
        return self._post(f"/notices/{notice_id}/release", {})

    # -- people and WeChat

    def persona(self, **wishes: Any) -> Json:
        """Make or change a person: id, nickname, phone, country_code, unionid, risk, openid."""
        return self._post("/personas", _given(wishes))

    def personas(self) -> list[Json]:
        return self._get("/personas")["personas"]

    def login_code(self, persona: str, appid: str | None = None) -> str:
        """What `wx.login()` gives."""
        return self._post("/wx/login-code", _given({"persona": persona, "appid": appid}))["code"]

    def phone_code(self, persona: str, appid: str | None = None) -> str:
        """What the phone number button gives."""
        return self._post("/wx/phone-code", _given({"persona": persona, "appid": appid}))["code"]

    def subscribe(self, persona: str, template_id: str, choice: str = "accept") -> Json:
        """The person's answer when asked for a message: accept, reject or ban."""
        order = {"persona": persona, "template_id": template_id, "choice": choice}
        return self._post("/wx/subscribe", order)

    def template(self, template_id: str, fields: list[str], valid: bool = True) -> Json:
        """Register a message template; `valid` False makes the platform deny its id."""
        order = {"template_id": template_id, "fields": fields, "valid": valid}
        return self._post("/wx/templates", order)

    def grants(self) -> list[Json]:
        return self._get("/wx/grants")["grants"]

    def deliveries(self) -> list[Json]:
        """The shipping information that was uploaded, one per trade."""
        return self._get("/wx/deliveries")["deliveries"]

    def trade_management(self, managed: bool) -> Json:
        """Whether the account has to upload shipping information."""
        return self._post("/wx/trade-management", {"managed": managed})

    def push(self, url: str, event: str, persona: str | None = None, **options: Any) -> Json:
        """Post an event to the back end's message callback.

        `options`: fields, mode ("safe" or "plain"), form ("json" or "xml"), copies; build=True
        only answers what would be posted (`url`, `headers`, `body`), forged=True then signs it
        wrongly.
        """
        order = {"url": url, "event": event, "persona": persona, **options}
        return self._post("/wx/push", _given(order))

    # -- WeChat Pay

    def request_payment(
        self,
        params: Mapping[str, Any],
        outcome: str = "ok",
        persona: str | None = None,
        notify: str | None = None,
        copies: int | None = None,
    ) -> Json:
        """What `wx.requestPayment` does with the parameters that the back end returned."""
        extra = {"outcome": outcome, "persona": persona, "notify": notify, "copies": copies}
        return self._post("/wxpay/request-payment", {**params, **_given(extra)})

    def pay(
        self,
        out_trade_no: str,
        force: bool = False,
        notify: str | None = None,
        copies: int | None = None,
    ) -> Json:
        """The person pays without our client; `force` even after closing or expiry."""
        order = {"force": force or None, "notify": notify, "copies": copies}
        return self._post(f"/wxpay/pay/{out_trade_no}", _given(order))

    def trade(self, out_trade_no: str) -> Json:
        return self._get(f"/wxpay/trades/{out_trade_no}")

    def trades(self) -> list[Json]:
        return self._get("/wxpay/trades")["trades"]

    def refund(self, out_refund_no: str) -> Json:
        return self._get(f"/wxpay/refunds/{out_refund_no}")

    def refunds(self) -> list[Json]:
        return self._get("/wxpay/refunds")["refunds"]

    def settle_refund(self, out_refund_no: str, status: str, notify: str = "auto") -> Json:
        """Drive a refund: SUCCESS, CLOSED, ABNORMAL, or PROCESSING to keep it open."""
        order = {"status": status, "notify": notify}
        return self._post(f"/wxpay/refunds/{out_refund_no}", order)

    def refund_settings(self, **changes: Any) -> Json:
        """`seconds` until a refund settles (None: never), `result`, `spacing` of partial ones."""
        return self._post("/wxpay/refund-settings", changes)

    def book(self) -> Json:
        """All money in and out, in fen."""
        return self._get("/wxpay/book")

    def notice(
        self, out_trade_no: str | None = None, out_refund_no: str | None = None, **changes: Any
    ) -> Json:
        """Build one signed notice without delivering it.

        `changes`: mutate, timestamp_offset, tamper, serial, signature, omit_headers, id,
        event_type.
        """
        subject = {"out_trade_no": out_trade_no, "out_refund_no": out_refund_no}
        return self._post("/wxpay/notice", _given(subject | changes))

    def rotate_certificate(self) -> list[str]:
        """Let the platform sign with a new certificate; answers the serials, oldest first."""
        return self._post("/wxpay/rotate-certificate", {})["serials"]

    # -- waiting

    def wait_notice(self, timeout: float = 10.0, state: str = "delivered", **filters: Any) -> Json:
        """The first notice that fits, once it is in that state."""

        def found() -> Json | None:
            entries = self.outbox("notify", state=state, **filters)
            return entries[0] if entries else None

        return wait_for(found, timeout, f"{state} notice {filters}")

    def wait_refund(self, out_refund_no: str, status: str, timeout: float = 10.0) -> Json:
        def found() -> Json | None:
            refund = self.refund(out_refund_no)
            return refund if refund["status"] == status else None

        return wait_for(found, timeout, f"refund {out_refund_no} {status}")

    # -- plumbing

    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        return self._call("GET", path, params=params)

    def _post(self, path: str, body: Json) -> Any:
        return self._call("POST", path, json=body)

    def _bytes(self, path: str, params: Mapping[str, Any]) -> bytes:
        answer = self._http.get(f"{PREFIX}{path}", params=params)
        if not answer.is_success:
            raise SandboxRefusedError("GET", path, answer.status_code, answer.text)
        return answer.content

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self._http.request(method, f"{PREFIX}{path}", **options)
        try:
            body = answer.json()
        except ValueError:
            body = answer.text
        if not answer.is_success:
            raise SandboxRefusedError(method, path, answer.status_code, body)
        return body


def _given(values: Mapping[str, Any]) -> Json:
    return {name: value for name, value in values.items() if value is not None}
