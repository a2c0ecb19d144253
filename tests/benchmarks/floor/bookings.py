"""The floor's bookings and payments."""

import secrets
from datetime import date, timedelta

import orjson

from tests.benchmarks.floor import sql
from tests.benchmarks.floor.people import Refused
from tests.benchmarks.floor.store import SHANGHAI, moment, now, plain_date, stamp, yuan

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KINDS = {"individual": "个人咨询", "couple": "伴侣咨询", "family": "家庭咨询"}
MODES = {"video": "视频", "voice": "语音", "offline": "面对面"}
HOLD, FREE, FEE = timedelta(minutes=15), 24, 2
MOVES, MOVED_BEFORE, DISPUTED_WITHIN = 2, timedelta(hours=24), timedelta(hours=72)


class Bookings:
    """The part of Bare that sells time."""

    def book(self, environ):
        wanted = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        store, at = self.store, now()
        store.begin()
        if not store.run(sql.HOLD, (at, wanted["slot_id"])).rowcount:
            raise Refused("409 Conflict", 12001)
        clients = store.all(sql.LOCK_CLIENTS + store.locking, self.user_id)
        client = next(row for row in clients if row[0] == wanted["client_id"])
        name = self._decrypt(client[1], f"counseling_clientprofile.name:{client[5]}")
        (agreement,) = store.one(sql.AGREEMENT, at)
        row = store.one(
            sql.LOOK, agreement, self.user_id, self.user_id, self.user_id,
            wanted["service_id"], wanted["slot_id"],
        )  # fmt: skip
        start, end = moment(row[1]), moment(row[2])
        if not row[4] or row[6] or start <= at:
            raise Refused("409 Conflict", 12001)
        number, price, minutes = _number("ORD", at), row[12], row[11]
        order = store.run(sql.ORDER, (at, at, number, self.user_id, price, at + HOLD)).lastrowid
        title = f"{row[7]} {KINDS[row[9]]}·{MODES[row[10]]} {minutes} 分钟"
        item = store.run(sql.ITEM, (order, wanted["slot_id"], title, price)).lastrowid
        end = start + timedelta(minutes=minutes)
        appointment = store.run(
            sql.APPOINTMENT,
            (
                at, at, _number("APT", at), self.user_id, client[0], row[3], wanted["slot_id"],
                wanted["service_id"], item, agreement, row[9], row[10], start, end, price,
                start - timedelta(hours=FREE), start - timedelta(hours=FEE),
            ),
        ).lastrowid  # fmt: skip
        store.commit()
        return self._appointment(store.one(sql.SHOWN, appointment), name)

    def _appointment(self, row, name):
        names = (
            "id", "number", "status", "kind", "mode", "start_at", "end_at", "price", "slot_id",
            "service_id", "created_at", "free_cancel_until", "fee_cancel_until",
            "cancel_fee_percent", "cancel_reason",
        )  # fmt: skip
        data = dict(zip(names, row[:15], strict=True)) | self._later(row)
        for when in ("start_at", "end_at", "created_at", "free_cancel_until", "fee_cancel_until"):
            data[when] = stamp(data[when])
        data["price"] = yuan(data["price"])
        data["counselor"] = dict(zip(("id", "name", "title", "avatar"), row[15:19], strict=True))
        born, today = date.fromisoformat(plain_date(row[22])), (now() + SHANGHAI).date()
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        name = self._decrypt(row[20], f"counseling_clientprofile.name:{row[29]}")
        data["client"] = {"id": row[19], "name": name, "gender": row[21], "age": age}
        data["order"] = {
            "id": row[23], "order_number": row[24], "status": row[25],
            "total_amount": yuan(row[26]), "expires_at": stamp(row[27]),
        }  # fmt: skip
        return data | {"note": row[28]}

    def _later(self, row):
        """What may still become of it: it is new, so nobody moved or disputed it."""
        left = {"allowed": False, "left": MOVES, "until": stamp(moment(row[5]) - MOVED_BEFORE)}
        until = stamp(moment(row[6]) + DISPUTED_WITHIN)
        return {
            "times_moved": row[30], "reschedule": left, "reschedules": [], "dispute": row[31],
            "disputable_until": until,
        }  # fmt: skip

    def pay(self, environ):
        """The attempt is on record before the provider hears of it."""
        wanted = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        store, at = self.store, now()
        store.begin()
        order = store.one(
            sql.ORDER_TO_PAY + store.locking, self.appid, wanted["order_id"], self.user_id
        )
        if order is None or order[1] != "pending" or moment(order[3]) <= at or order[5]:
            raise Refused("409 Conflict", 14003)
        number = _number("PAY", at)
        payment = store.run(
            sql.PAYMENT,
            (at, at, number, wanted["order_id"], order[2], order[4], order[3], at),
        ).lastrowid
        store.commit()
        words = order[6] + (f" 等 {order[7]} 件" if order[7] > 1 else "")
        prepay_id = self.provider.prepay(number, words)
        store.run(sql.PREPAID, (prepay_id, at, at, payment))
        data = {
            "id": payment, "number": number, "order_id": wanted["order_id"],
            "order_number": order[0], "order_status": order[1], "method": "wechat",
            "amount": yuan(order[2]), "refunded_amount": yuan(0), "status": "pending",
            "expires_at": stamp(order[3]), "paid_at": None,
        }  # fmt: skip
        return {
            "payment": data,
            "app_id": self.appid,
            "client_parameters": self.provider.client_parameters(prepay_id),
        }


def _number(prefix: str, at) -> str:
    tail = "".join(ALPHABET[byte % 32] for byte in secrets.token_bytes(13))
    return f"{prefix}{at + SHANGHAI:%Y%m%d}{tail}"
