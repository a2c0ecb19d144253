"""What the sandbox's own tests use: a merchant endpoint and hand-made signed requests."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.sandbox import crypto
from tests.sandbox.client import wait_for

SCHEME = "WECHATPAY2-SHA256-RSA2048"


@dataclass
class Delivery:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return json.loads(self.body)["id"]


class Receiver:
    """The merchant's callback endpoint. `answers` are given in turn, then 204 for ever."""

    def __init__(self):
        self.deliveries: list[Delivery] = []
        self.answers: list[int] = []
        self.text = b""
        self.before_answer: Callable[[], Any] = lambda: None
        self._guard = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(Delivery(self.path, dict(self.headers), body))
                receiver.before_answer()
                self.send_response(status)
                self.send_header("Content-Length", str(len(receiver.text)))
                self.end_headers()
                self.wfile.write(receiver.text)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/callback"

    def take(self, delivery: Delivery) -> int:
        with self._guard:
            self.deliveries.append(delivery)
            return self.answers.pop(0) if self.answers else 204

    def wait(self, count: int, timeout: float = 10.0) -> list[Delivery]:
        """The deliveries once there are at least `count`."""
        return wait_for(
            lambda: self.deliveries if len(self.deliveries) >= count else None,
            timeout,
            f"{count} deliveries (got {len(self.deliveries)})",
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Wx:
    """Raw calls of the WeChat API, as a back end makes them."""

    def __init__(self, env: dict[str, str]):
        self.appid, self.secret = env["WX_APPID"], env["WX_APPSECRET"]
        self.http = httpx.Client(base_url=env["WX_API_BASE"], trust_env=False, timeout=10)

    def login(self, code: str, **changes: str) -> dict:
        query = {"appid": self.appid, "secret": self.secret, "js_code": code}
        query |= {"grant_type": "authorization_code"} | changes
        return self.http.get("/sns/jscode2session", params=query).json()

    def plain_token(self) -> dict:
        query = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self.http.get("/cgi-bin/token", params=query).json()

    def stable_token(self, **changes: Any) -> dict:
        body = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self.post("/cgi-bin/stable_token", body | changes)

    def post(self, path: str, body: Any, token: str | None = None, escape: bool = False) -> dict:
        text = json.dumps(body, ensure_ascii=escape).encode()
        query = {} if token is None else {"access_token": token}
        return self.http.post(path, params=query, content=text).json()

    def call(self, path: str, body: Any, escape: bool = False) -> dict:
        """A POST with a fresh stable token."""
        return self.post(path, body, self.stable_token()["access_token"], escape)


class Merchant:
    """Signs requests by hand, so that every part of them can be made wrong."""

    def __init__(self, env: dict[str, str]):
        self.env = env
        self.mchid, self.serial = env["WXPAY_MCHID"], env["WXPAY_CERT_SERIAL"]
        self.key = crypto.load_private(Path(env["WXPAY_PRIVATE_KEY_FILE"]).read_text())
        self.http = httpx.Client(base_url=env["WXPAY_BASE"], trust_env=False, timeout=10)

    def prepay_body(self, openid: str, number: str, notify_url: str, **changes: Any) -> dict:
        body = {
            "appid": self.env["WX_APPID"],
            "mchid": self.mchid,
            "description": "心理咨询服务 60 分钟",
            "out_trade_no": number,
            "notify_url": notify_url,
            "amount": {"total": 100, "currency": "CNY"},
            "payer": {"openid": openid},
        }
        return body | changes

    def prepay(self, openid: str, number: str, notify_url: str, **changes: Any) -> httpx.Response:
        body = self.prepay_body(openid, number, notify_url, **changes)
        return self.call("POST", "/v3/pay/transactions/jsapi", body)

    def call(self, method: str, target: str, body: Any = None, **changes: Any) -> httpx.Response:
        """`changes` replace parts of the signature: mchid, serial, timestamp, signed_body, key."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        stamp = str(changes.get("timestamp") or int(time.time()))
        nonce = uuid4().hex
        head = f"{method}\n{changes.get('signed_target', target)}\n{stamp}\n{nonce}\n".encode()
        message = head + changes.get("signed_body", content) + b"\n"
        fields = {
            "mchid": changes.get("mchid", self.mchid),
            "nonce_str": nonce,
            "signature": crypto.rsa_sign(changes.get("key", self.key), message),
            "timestamp": stamp,
            "serial_no": changes.get("serial", self.serial),
        }
        headers = {
            "Authorization": f"{SCHEME} " + ",".join(f'{k}="{v}"' for k, v in fields.items()),
            "Accept": "application/json",
            "User-Agent": "tests",
            "Wechatpay-Serial": self.env["WXPAY_PUBLIC_KEY_ID"],
        }
        if content:
            headers["Content-Type"] = "application/json"
        headers |= changes.get("headers", {})
        return self.http.request(method, target, content=content, headers=headers)

    def client_params(self, prepay_id: str, **changes: Any) -> dict[str, Any]:
        """What a back end returns for `wx.requestPayment`."""
        stamp, nonce, package = str(int(time.time())), uuid4().hex, f"prepay_id={prepay_id}"
        message = f"{self.env['WX_APPID']}\n{stamp}\n{nonce}\n{package}\n"
        params = {"timeStamp": stamp, "nonceStr": nonce, "package": package, "signType": "RSA"}
        params["paySign"] = crypto.rsa_sign(self.key, message.encode())
        return params | changes
