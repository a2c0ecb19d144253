"""The floor's logins, refreshes and list of people."""

import secrets
from datetime import UTC, timedelta
from hashlib import sha256

import jwt
import orjson

from tests.benchmarks.floor import sql_people as sql
from tests.benchmarks.floor.store import moment, now, plain_date, stamp

ACCESS, REFRESH = timedelta(minutes=15), timedelta(days=30)


class Refused(Exception):
    def __init__(self, status: str, code: int):
        self.status, self.code = status, code


class People:
    """The part of Bare that knows who people are."""

    def wechat_login(self, environ):
        wanted = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        openid, store, at = self.openid_of(wanted["code"]), self.store, now()
        row = store.one(sql.IDENTITY, self.appid, openid)
        if row is None:
            raise Refused("401 Unauthorized", 11003)
        store.begin()
        person = store.one(sql.PERSON + store.locking, row[0])
        if person[0] != "active":
            raise Refused("403 Forbidden", 11002)
        agent, sid = environ["HTTP_USER_AGENT"], secrets.token_urlsafe(32)
        address = environ["REMOTE_ADDR"]
        session = store.run(
            sql.OPEN_SESSION, (sid, row[0], address, agent[:300], at, at, at + REFRESH)
        ).lastrowid
        jti = secrets.token_urlsafe(32)
        store.run(sql.NEW_REFRESH, (jti, session, at, at + REFRESH))
        store.commit()
        pair = self._pair(row[0], person[1], sid, jti, at)
        known = f"{openid[:4]}****{openid[-4:]}"
        store.run(sql.LOGIN_LOG, (row[0], known, address, agent[:300], at))
        user = {"id": row[0], "openid": openid, "nickname": row[1], "avatar": row[2]}
        return pair | {"user": user | {"deletes_at": stamp(row[3])}}

    def refresh(self, environ):
        wanted = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        claims = self._claims(wanted["refresh"])
        store, at = self.store, now()
        store.begin()
        won = store.run(sql.CONSUME, (at, claims["jti"])).rowcount
        row = store.one(sql.FAMILY, claims["jti"])
        if not won or row is None or row[4] is not None or moment(row[3]) <= at:
            raise Refused("401 Unauthorized", 11008)
        if (row[2], str(row[5]), row[6], row[7]) != (
            claims["sid"], claims["sub"], "active", claims["ver"]
        ):  # fmt: skip
            raise Refused("401 Unauthorized", 11008)
        jti = secrets.token_urlsafe(32)
        successor = store.run(sql.NEW_REFRESH, (jti, row[1], at, at + REFRESH)).lastrowid
        store.run(sql.SUCCEED, (successor, row[0]))
        store.run(sql.SEEN, (at, at + REFRESH, row[1]))
        store.commit()
        return self._pair(row[5], row[7], row[2], jti, at)

    def users(self, environ):
        page, size = self._page(environ)
        (total,) = self.store.one(sql.USER_COUNT)
        rows = self.store.all(sql.USERS, size, (page - 1) * size)
        names = (*sql.USER_COLUMNS, "last_active_at")
        people = [dict(zip(names, row, strict=True)) for row in rows]
        for person in people:
            person["birthday"] = plain_date(person["birthday"])
            person["created_at"] = stamp(person["created_at"])
            person["last_active_at"] = stamp(person["last_active_at"])
            person["is_staff"] = bool(person["is_staff"])
            person["gender"] = person["gender"] or None
            person["phone"] = person["email"] = None  # nobody seeded on the first page has one
            person["roles"], person["tags"] = [], []
        shown = {person["id"]: person for person in people}
        marks = ",".join("?" * len(people))
        for user_id, code in self.store.all(sql.ROLES.format(marks), *shown):
            shown[user_id]["roles"].append(code)
        for user_id, tag_id, name, colour in self.store.all(sql.TAGS.format(marks), *shown):
            shown[user_id]["tags"].append({"id": tag_id, "name": name, "colour": colour})
        return {"list": people, "pagination": {"page": page, "size": size, "total": total}}

    def _claims(self, raw: str) -> dict:
        return jwt.decode(
            raw, self.jwt_key, algorithms=["HS256"], issuer="banxin", audience="banxin-api"
        )

    def _pair(self, user_id: int, version: int, sid: str, jti: str, at) -> dict:
        access_jti = sha256(f"access {jti}".encode()).hexdigest()[:43]
        return {
            "token": self._token("access", user_id, version, sid, access_jti, at, ACCESS),
            "refresh": self._token("refresh", user_id, version, sid, jti, at, REFRESH),
            "expires_in": int(ACCESS.total_seconds()),
        }

    def _token(self, kind, user_id, version, sid, jti, at, life) -> str:
        at = at.replace(tzinfo=UTC)
        claims = {
            "token_type": kind, "sub": str(user_id), "sid": sid, "jti": jti, "ver": version,
            "iat": int(at.timestamp()), "exp": int((at + life).timestamp()),
            "aud": "banxin-api", "iss": "banxin",
        }  # fmt: skip
        return jwt.encode(claims, self.jwt_key, algorithm="HS256")
