"""The floor: our hot endpoints on WSGI with the driver, orjson and PyJWT and nothing else.

It does what ours do, statement for statement: checks the token and its session, locks and
writes the same rows, answers the same body (tests/benchmarks/test_floor.py compares them).
It writes an access line too.  Left out: throttling, CORS, filters, English.
"""

import base64
import hashlib
import secrets
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.benchmarks.floor import sql
from tests.benchmarks.floor.bookings import Bookings
from tests.benchmarks.floor.people import People, Refused
from tests.benchmarks.floor.store import (
    SHANGHAI,
    Store,
    listed,
    moment,
    now,
    plain_date,
    stamp,
    yuan,
)

OPEN = ("login/wx", "token/refresh")
HORIZON = timedelta(days=28)


class Bare(People, Bookings):
    """A WSGI application.  provider: prepay() and client_parameters(), as in what is measured."""

    def __init__(
        self,
        store: Store,
        *,
        jwt_key: str,
        field_keys: list[str],
        appid: str,
        provider,
        openid_of: Callable[[str], str],
    ):
        self.store, self.jwt_key, self.appid, self.provider = store, jwt_key, appid, provider
        self.openid_of = openid_of
        self.field_keys = {
            name: AESGCM(base64.b64decode(key))
            for name, _, key in (entry.partition(":") for entry in field_keys)
        }
        self.log = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (lives as long as we)
        self.routes = {
            ("GET", "health"): self.health,
            ("GET", "users/profile"): self.profile,
            ("GET", "counselor"): self.counselors,
            ("GET", "time-slots"): self.slots,
            ("GET", "user"): self.users,
            ("POST", "login/wx"): self.wechat_login,
            ("POST", "token/refresh"): self.refresh,
            ("POST", "appointment"): self.book,
            ("POST", "pay"): self.pay,
        }

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"].removeprefix("/api/v1/")
        view = self.routes.get((environ["REQUEST_METHOD"], path))
        status, headers, began = "200 OK", [], time.perf_counter()
        try:
            self.user_id = None if path in OPEN else self.login(environ)
            if view is None:
                data = self.counselor(int(path.removeprefix("counselor/")))
            else:
                data = view(environ)
            body = orjson.dumps({"code": 0, "message": "success", "data": data})
            if environ["REQUEST_METHOD"] == "POST" and path not in OPEN:
                status = "201 Created"
            elif path.startswith(("counselor", "time-slots")):
                headers.append(("ETag", f'"{hashlib.md5(body).hexdigest()}"'))
        except Refused as refusal:
            status = refusal.status
            body = orjson.dumps({"code": refusal.code, "message": "", "data": None})
        request_id = secrets.token_hex(16)
        headers += [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("X-Request-ID", request_id),
        ]
        self._log(environ, request_id, status, began)
        start_response(status, headers)
        return [body]

    def _log(self, environ, request_id: str, status: str, began: float):
        line = {
            "time": now().isoformat("T", "milliseconds"),
            "request_id": request_id,
            "method": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"],
            "status": int(status[:3]),
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "user": self.user_id,
            "ip": environ["REMOTE_ADDR"],
        }
        self.log.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def login(self, environ) -> int:
        raw = environ["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
        claims = self._claims(raw)
        row = self.store.one(sql.SESSION, claims["sid"])
        if row is None or row[1] is not None or moment(row[0]) <= now():
            raise Refused("401 Unauthorized", 10401)
        if row[3] != "active" or row[4] != claims["ver"]:
            raise Refused("401 Unauthorized", 10401)
        return row[2]

    # -- reads

    def health(self, environ):
        return {"status": "ok"}

    def profile(self, environ):
        row = self.store.one(sql.PROFILE, self.appid, self.user_id)
        names = ("id", "openid", "nickname", "avatar", "gender", "birthday", "phone", "email")
        data = dict(zip(names, row[:8], strict=True))
        for name in ("phone", "email"):  # behind its blind index of 32 characters
            data[name] = data[name] and self._decrypt(
                data[name][33:], f"accounts_user.{name}:{row[8]}"
            )
        data["gender"] = data["gender"] or None
        data["birthday"] = plain_date(data["birthday"])
        return data

    def counselors(self, environ):
        page, size = self._page(environ)
        (total,) = self.store.one(sql.COUNSELOR_COUNT)
        rows = self.store.all(
            sql.next_free(sql.COUNSELORS, self.store), *self._window(), size, (page - 1) * size
        )
        data = [_counselor(row) for row in rows]
        tags = {row["id"]: row["specialties"] for row in data}
        marks = ",".join("?" * len(rows))
        for counselor_id, tag_id, name in self.store.all(sql.SPECIALTIES.format(marks), *tags):
            tags[counselor_id].append({"id": tag_id, "name": name})
        return {"list": data, "pagination": {"page": page, "size": size, "total": total}}

    def counselor(self, pk):
        rows = self.store.all(sql.next_free(sql.COUNSELOR, self.store), *self._window(), pk)
        if not rows:
            raise Refused("404 Not Found", 10404)
        data = _counselor(rows[0])
        names = (
            "bio", "languages", "training", "orientation", "practice_hours", "supervision_hours",
            "min_notice_minutes",
        )  # fmt: skip
        data |= zip(names, rows[0][11:18], strict=True)
        data["languages"] = listed(data["languages"])
        data["specialties"] = [{"id": row[18], "name": row[19]} for row in rows if row[18]]
        data["services"] = [_service(row) for row in self.store.all(sql.SERVICES, pk)]
        return data

    def slots(self, environ):
        page, size = self._page(environ)
        counselor_id = int(_query(environ)["counselor"])
        self.store.one(sql.IS_OWN, counselor_id, self.user_id)
        window = (counselor_id, *self._window())
        (total,) = self.store.one(sql.next_free(sql.SLOT_COUNT, self.store), *window)
        rows = self.store.all(
            sql.next_free(sql.SLOTS, self.store), *window, size, (page - 1) * size
        )
        data = [_slot(row) for row in rows]
        return {"list": data, "pagination": {"page": page, "size": size, "total": total}}

    def _page(self, environ):
        query = _query(environ)
        return int(query.get("page", 1)), int(query.get("size", 10))

    def _window(self):
        """now, the end of what can be booked, now."""
        moment_ = now()
        today = (moment_ + SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
        return moment_, today - SHANGHAI + HORIZON, moment_

    def _decrypt(self, stored: str, place: str) -> str:
        if not stored:
            return ""
        key, _, sealed = stored.partition(":")
        sealed = base64.b64decode(sealed)
        return self.field_keys[key].decrypt(sealed[:12], sealed[12:], place.encode()).decode()


def _query(environ) -> dict:
    return dict(part.split("=", 1) for part in environ["QUERY_STRING"].split("&") if part)


def _service(row):
    place = {"id": row[6], "city": row[7], "address": row[8]} if row[6] else None
    return {
        "id": row[0], "kind": row[1], "mode": row[2], "minutes": row[3], "price": yuan(row[4]),
        "first_price": None if row[5] is None else yuan(row[5]), "location": place,
    }  # fmt: skip


def _counselor(row) -> dict:
    return {
        "id": row[0], "name": row[1], "title": row[2], "avatar": row[3], "city": row[4],
        "gender": row[5], "rating": yuan(row[6]), "rating_count": row[7],
        "lowest_price": yuan(row[8]), "practice_years": row[9], "next_free_at": stamp(row[10]),
        "specialties": [],
    }  # fmt: skip


def _slot(row) -> dict:
    start, end = moment(row[2]), moment(row[3])
    return {
        "id": row[0], "counselor_id": row[1], "start_at": stamp(row[2]), "end_at": stamp(row[3]),
        "status": row[4], "date": (start + SHANGHAI).date().isoformat(),
        "minutes": (end - start) // timedelta(minutes=1),
    }  # fmt: skip
