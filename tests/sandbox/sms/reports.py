"""Receipts: the providers tell the back end what became of a message, each in its own words."""

import secrets
from datetime import datetime
from typing import Any

from ..clock import CHINA
from ..control import ControlError
from ..courier import Notice, Parcel
from ..faults import Fault
from ..web import to_json

EVENT = "SmsReport"


class Reports:
    """Posts a list with one receipt; `{"code": 0}` or `{"result": 0}` ends the retries."""

    delays = (60, 60, 60)

    def __init__(self, world):
        self._world = world
        world.courier.employ("sms", self)

    def notice(self, order: dict[str, Any]) -> Notice:
        """A receipt from a control order: `url`, `id` of the message, `success`, `err_code`."""
        found = self._world.outbox.find({"kind": "sms", "id": str(order.get("id"))})
        if not found:
            raise ControlError("id: no message in the outbox has it", 404)
        if not order.get("url"):
            raise ControlError("url: required")
        message, now = found[0], self._world.clock.now()
        success = order.get("success", True) is True
        write = _aliyun if message["provider"] == "aliyun" else _tencent
        number = message.get("biz_id") or message.get("serial_no")
        return Notice(
            id=f"report-{secrets.token_hex(8)}",
            rail="sms",
            url=order["url"],
            event=EVENT,
            about={"biz_id": number, "phone": message["to"]},
            plain=write(message, success, order.get("err_code"), now),
            created_at=now,
            next_at=now,
        )

    def pack(self, notice: Notice, fault: Fault | None) -> Parcel:
        body = to_json([notice.plain])
        if fault and fault.kind == "truncate_body":
            body = body[: len(body) // 2]
        return Parcel(notice.url, {"Content-Type": "application/json;charset=utf-8"}, body)

    def accepted(self, status: int, body: bytes) -> bool:
        text = body.replace(b" ", b"")
        return status == 200 and (b'"code":0' in text or b'"result":0' in text)


def _aliyun(message: dict[str, Any], success: bool, code: str | None, now: float) -> dict:
    return {
        "phone_number": message["to"],
        "send_time": _local(message["at"]),
        "report_time": _local(now),
        "success": success,
        "err_code": code or ("DELIVERED" if success else "UNDELIVERED"),
        "err_msg": "用户接收成功" if success else "用户接收失败",
        "sms_size": str(-(-len(message["text"]) // 70)),
        "biz_id": message["biz_id"],
        "out_id": message["out_id"],
    }


def _tencent(message: dict[str, Any], success: bool, code: str | None, now: float) -> dict:
    return {
        "user_receive_time": _local(now),
        "nationcode": "86",
        "mobile": message["to"],
        "report_status": "SUCCESS" if success else "FAIL",
        "errmsg": code or ("DELIVRD" if success else "UNDELIV"),
        "description": "用户短信送达成功" if success else "用户短信接收失败",
        "sid": message["serial_no"],
    }


def _local(moment: float) -> str:
    return datetime.fromtimestamp(int(moment), CHINA).strftime("%Y-%m-%d %H:%M:%S")
