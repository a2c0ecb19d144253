"""Hand-made calls of both SMS providers, so that every part of a signature can be made wrong."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx

Params = dict[str, str]


def encode(text: str) -> str:
    return quote(text, safe="~")


def joined(params: Params) -> str:
    return "&".join(f"{encode(k)}={encode(v)}" for k, v in sorted(params.items()))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def acs3_signature(secret: str, method: str, params: Params, headers: Params, body: bytes) -> str:
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    names = ";".join(sorted(headers))
    canonical = "\n".join((method, "/", joined(params), lines, names, sha256(body)))
    text = f"ACS3-HMAC-SHA256\n{sha256(canonical.encode())}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def rpc_signature(secret: str, method: str, params: Params) -> str:
    text = f"{method}&%2F&{encode(joined(params))}"
    return base64.b64encode(
        hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    ).decode()


def tc3_signature(
    secret: str, service: str, stamp: int, headers: Params, body: bytes, date: str = ""
) -> str:
    date = date or datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d")
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    names = ";".join(sorted(headers))
    canonical = "\n".join(("POST", "/", "", lines, names, sha256(body)))
    scope = f"{date}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical.encode())}"
    key = f"TC3{secret}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Aliyun:
    """`v3` and `rpc` send one message; `changes` replace parts of the call or its signature."""

    def __init__(self, env: Params):
        self.key_id, self.secret = env["SMS_ALIYUN_KEY_ID"], env["SMS_ALIYUN_KEY_SECRET"]
        self.host = urlsplit(env["SMS_ALIYUN_ENDPOINT"]).netloc
        self.http = httpx.Client(base_url=env["SMS_ALIYUN_ENDPOINT"], trust_env=False, timeout=10)
        self.sign_name = env["SMS_SIGN_NAME"]

    def params(self, phone: str, **changes: Any) -> Params:
        params = {
            "PhoneNumbers": phone,
            "SignName": self.sign_name,
            "TemplateCode": "SMS_100000001",
            "TemplateParam": '{"code":"123456","minutes":"5"}',
        }
        return {name: value for name, value in (params | changes).items() if value is not None}

    def send(self, phone: str, **changes: Any) -> dict[str, Any]:
        """A well signed call, answered as JSON."""
        return self.v3(self.params(phone, **changes)).json()

    def v3(self, params: Params, **changes: Any) -> httpx.Response:
        body = changes.get("body", b"")
        moment = changes.get("moment") or datetime.now(UTC)
        headers = {
            "host": self.host,
            "x-acs-action": "SendSms",
            "x-acs-version": "2017-05-25",
            "x-acs-date": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": changes.get("nonce", uuid4().hex),
            "x-acs-content-sha256": sha256(body),
            **changes.get("signed", {}),
        }
        secret = changes.get("secret", self.secret)
        signature = acs3_signature(secret, "POST", changes.get("also", params), headers, body)
        fields = f"Credential={changes.get('key_id', self.key_id)}"
        fields += f",SignedHeaders={';'.join(sorted(headers))},Signature={signature}"
        headers |= {"Authorization": f"ACS3-HMAC-SHA256 {fields}", **changes.get("headers", {})}
        return self.http.post(f"/?{joined(params)}", content=body, headers=headers)

    def rpc(self, params: Params, **changes: Any) -> httpx.Response:
        moment = changes.get("moment") or datetime.now(UTC)
        params = {
            "Action": "SendSms",
            "Version": "2017-05-25",
            "Format": "JSON",
            "Timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "SignatureMethod": "HMAC-SHA1",
            "SignatureType": "",
            "SignatureVersion": "1.0",
            "SignatureNonce": changes.get("nonce", uuid4().hex),
            "AccessKeyId": changes.get("key_id", self.key_id),
            "RegionId": "cn-hangzhou",
            **params,
        }
        method = changes.get("method", "POST")
        signature = rpc_signature(changes.get("secret", self.secret), method, params)
        params |= {"Signature": signature, **changes.get("unsigned", {})}
        if changes.get("form"):
            return self.http.request(method, "/", data=params)
        return self.http.request(method, f"/?{joined(params)}")


class Tencent:
    """`send` is one call; `changes` replace parts of it or of its signature."""

    def __init__(self, env: Params):
        self.secret_id, self.secret = env["SMS_TENCENT_SECRET_ID"], env["SMS_TENCENT_SECRET_KEY"]
        self.appid, self.sign_name = env["SMS_TENCENT_APPID"], env["SMS_SIGN_NAME"]
        self.host = urlsplit(env["SMS_TENCENT_ENDPOINT"]).netloc
        self.http = httpx.Client(base_url=env["SMS_TENCENT_ENDPOINT"], trust_env=False, timeout=10)

    def body(self, *phones: str, **changes: Any) -> dict[str, Any]:
        body = {
            "PhoneNumberSet": list(phones),
            "SmsSdkAppId": self.appid,
            "TemplateId": "1000001",
            "SignName": self.sign_name,
            "TemplateParamSet": ["123456", "5"],
            "SessionContext": "login",
        }
        return {name: value for name, value in (body | changes).items() if value is not None}

    def status(self, phone: str, **changes: Any) -> dict[str, Any]:
        """What became of the one number of a well signed call."""
        [status] = self.call(self.body(phone, **changes))["SendStatusSet"]
        return status

    def call(self, body: Any, **changes: Any) -> dict[str, Any]:
        answer = self.send(body, **changes)
        assert answer.status_code == 200
        return answer.json()["Response"]

    def send(self, body: Any, **changes: Any) -> httpx.Response:
        content = json.dumps(body, ensure_ascii=False).encode()
        stamp = int(datetime.now(UTC).timestamp()) + changes.get("offset", 0)
        signed = {"content-type": "application/json; charset=utf-8", "host": self.host}
        signature = tc3_signature(
            changes.get("secret", self.secret),
            changes.get("service", "sms"),
            stamp,
            signed,
            changes.get("signed_body", content),
            changes.get("date", ""),
        )
        date = changes.get("date") or datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d")
        owner = changes.get("secret_id", self.secret_id)
        scope = f"{owner}/{date}/{changes.get('service', 'sms')}/tc3_request"
        fields = f"Credential={scope}, SignedHeaders=content-type;host, Signature={signature}"
        headers = signed | {
            "Authorization": f"TC3-HMAC-SHA256 {fields}",
            "X-TC-Action": "SendSms",
            "X-TC-Version": "2021-01-11",
            "X-TC-Timestamp": str(stamp),
            "X-TC-Region": "ap-guangzhou",
            **changes.get("headers", {}),
        }
        return self.http.post("/", content=content, headers=headers)
