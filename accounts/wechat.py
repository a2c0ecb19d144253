"""The WeChat mini-program's server API: login, phone number, access token, messages.

Every answer is HTTP 200; errcode says what happened.  Whatever else comes back (a redirect, a
page of HTML, a megabyte, nothing in time) is a WeChatError too: answers are not trusted.
"""

import json
import logging
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings

from accounts.wechat_fields import fit
from config.caches import WECHAT
from config.http import NoAnswer, ask, http_client

logger = logging.getLogger(__name__)

TIMEOUTS = {"connect": 2, "read": 5}
LIMITS = {"most": 1024 * 1024, "seconds": 8}
TOKEN_MARGIN_SECONDS = 300
BUSY_PAUSE_SECONDS = 0.2

BUSY = -1
BAD_TOKEN = {40001, 40014, 42001}
REFUSED = 43101
PHONE_PATH = "/wxa/business/getuserphonenumber"
# What may go better later; None is "no usable answer at all".
_TEMPORARY = {None, BUSY, 45009, 45011, 40164} | BAD_TOKEN


class WeChatError(Exception):
    """errcode: WeChat's number, None when there was no usable answer.  rid: their request id."""

    def __init__(self, text: str, *, errcode: int | None = None, rid: str = ""):
        super().__init__(text)
        self.errcode = errcode
        self.rid = rid

    @property
    def permanent(self) -> bool:
        """Asking again in the same words is useless."""
        return self.errcode not in _TEMPORARY

    @property
    def refused(self) -> bool:
        """The person does not want the message, or has no acceptance left."""
        return self.errcode == REFUSED


@dataclass(frozen=True)
class WeChatPerson:
    """Who a login code belongs to.  The session_key is dropped: nothing here needs it."""

    openid: str
    unionid: str | None = None


class WeChatClient:
    """One mini-program.  Threads may share it."""

    def __init__(self, base: str, appid: str, secret: str):
        self.appid = appid
        self._secret = secret
        self._http = http_client(base_url=base, **TIMEOUTS)
        self._fetching = threading.Lock()

    def code2session(self, code: str) -> WeChatPerson:
        """Exchange what wx.login() gave; it works once."""
        query = {
            "appid": self.appid,
            "secret": self._secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        answer = self._ask("GET", "/sns/jscode2session", params=query)
        openid, unionid = answer.get("openid"), answer.get("unionid") or None
        if not _is_id(openid) or not (unionid is None or _is_id(unionid)):
            raise WeChatError("jscode2session: no openid in the answer")
        return WeChatPerson(openid, unionid)

    def get_phone_number(self, code: str) -> str:
        """The number behind what the phone number button gave, with + and country when foreign.

        Raises WeChatError, also for a number that was given to another app.
        """
        info = self.call(PHONE_PATH, {"code": code}).get("phone_info")
        mark = info.get("watermark") if isinstance(info, dict) else None
        if not isinstance(mark, dict) or mark.get("appid") != self.appid:
            raise WeChatError("getuserphonenumber: not a number for this app")
        country, number = str(info.get("countryCode")), str(info.get("purePhoneNumber"))
        return number if country == "86" else f"+{country}{number}"

    def send_subscribe_message(
        self, *, openid: str, template_id: str, page: str, fields: dict[str, str]
    ) -> str:
        """Send one message, its values cut to what their field types allow; WeChat's number of it.

        Raises ValueError when one cannot be made to fit.
        """
        body = {
            "touser": openid,
            "template_id": template_id,
            "lang": "zh_CN",
            "data": {name: {"value": fit(name, value)} for name, value in fields.items()},
        }
        if page:
            body["page"] = page
        answer = self.call("/cgi-bin/message/subscribe/send", body)
        return str(answer.get("msgid") or "")

    def access_token(self) -> str:
        """The stable token, shared by every process through the cache."""
        token = WECHAT.get(self._token_key)
        if token:
            return token
        with self._fetching:  # one thread asks, the others take what it got
            return WECHAT.get(self._token_key) or self._fetch_token()

    @property
    def _token_key(self) -> str:
        return f"token:{self.appid}"

    def _fetch_token(self) -> str:
        order = {"grant_type": "client_credential", "appid": self.appid, "secret": self._secret}
        answer = self._ask("POST", "/cgi-bin/stable_token", body=order | {"force_refresh": False})
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            raise WeChatError("stable_token: no token in the answer")
        WECHAT.set(self._token_key, token, max(seconds - TOKEN_MARGIN_SECONDS, 1))
        return token

    def _drop_token(self, token: str) -> None:
        with self._fetching:
            if WECHAT.get(self._token_key) == token:
                WECHAT.delete(self._token_key)

    def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer of any call that takes the access token.  Raises WeChatError."""
        token = self.access_token()
        try:
            return self._ask("POST", path, params={"access_token": token}, body=body)
        except WeChatError as error:
            if error.errcode not in BAD_TOKEN:
                raise
        self._drop_token(token)
        return self._ask("POST", path, params={"access_token": self.access_token()}, body=body)

    def _ask(self, method: str, path: str, *, params=None, body=None) -> dict[str, Any]:
        """The answer's fields; "system busy" is asked once more."""
        try:
            return self._call(method, path, params=params, body=body)
        except WeChatError as error:
            if error.errcode != BUSY:
                raise
        time.sleep(BUSY_PAUSE_SECONDS)
        return self._call(method, path, params=params, body=body)

    def _call(self, method: str, path: str, *, params, body) -> dict[str, Any]:
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} if content else None
        request = {"params": params, "content": content, "headers": headers}
        try:
            answer = ask(self._http, method, path, **request, **LIMITS)
        except NoAnswer as error:
            raise WeChatError(f"{path}: {error}") from None
        if answer.status != HTTPStatus.OK:
            raise WeChatError(f"{path}: HTTP {answer.status}")
        return _fields(path, answer.body)


def _fields(path: str, raw: bytes) -> dict[str, Any]:
    """The JSON object, whatever its content type says; WeChatError for errcode and for garbage."""
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise WeChatError(f"{path}: not a JSON object")
    errcode = answer.get("errcode", 0)
    if not isinstance(errcode, int):
        raise WeChatError(f"{path}: errcode is no number")
    if errcode:
        text = str(answer.get("errmsg", ""))[:200]
        rid = text.partition("rid: ")[2][:64]
        logger.warning("WeChat %s refused: %s %r", path, errcode, text)
        raise WeChatError(f"{errcode} {text}", errcode=errcode, rid=rid)
    return answer


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 128 and value.isascii()


def wechat_client() -> WeChatClient:
    """The client of the mini-program in settings."""
    return _client(settings.WX_API_BASE, settings.WX_APPID, settings.WX_APPSECRET)


@lru_cache(maxsize=4)
def _client(base: str, appid: str, secret: str) -> WeChatClient:
    return WeChatClient(base, appid, secret)
