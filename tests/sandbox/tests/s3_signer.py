"""Hand-made calls of an S3 store, so that every part of a signature can be made wrong."""

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

EMPTY = hashlib.sha256(b"").hexdigest()
REGION = "cn-hangzhou"

Params = dict[str, str]


def encode(text: str, safe: str = "") -> str:
    return quote(text, safe=f"{safe}-_.~")


def query_of(params: Params) -> str:
    return "&".join(f"{encode(k)}={encode(v)}" for k, v in sorted(params.items()))


def stamp_of(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def hmac_sha256(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(secret: str, date: str, region: str, text: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in (date, region, "s3", "aws4_request"):
        key = hmac_sha256(key, part)
    return hmac_sha256(key, text).hex()


def request_signature(
    secret: str,
    region: str,
    stamp: str,
    method: str,
    path: str,
    params: Params,
    headers: Params,
    payload: str,
) -> str:
    """`path` percent-encoded; `headers` are the signed ones in lower case."""
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    names = ";".join(sorted(headers))
    canonical = "\n".join((method, path, query_of(params), lines, names, payload))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{stamp[:8]}/{region}/s3/aws4_request\n{digest}"
    return signature(secret, stamp[:8], region, text)


class Store:
    """One bucket.

    `changes` make a call wrong: key_id, secret, moment, payload, signed_path,
    signed_params; sent_path goes elsewhere, loose headers are not signed.
    """

    def __init__(self, env: Params):
        self.bucket, self.endpoint = env["S3_BUCKET"], env["S3_ENDPOINT"]
        self.key_id, self.secret = env["S3_KEY_ID"], env["S3_SECRET"]
        self.host = urlsplit(self.endpoint).netloc
        self.http = httpx.Client(trust_env=False, timeout=20)

    def path(self, key: str | None) -> str:
        """None is the bucket itself."""
        return f"/{self.bucket}" if key is None else f"/{self.bucket}/{encode(key, '/')}"

    def call(
        self,
        method: str,
        key: str | None,
        body: bytes = b"",
        params: Params | None = None,
        headers: Params | None = None,
        **changes: Any,
    ) -> httpx.Response:
        """A request signed in its headers, `headers` among them."""
        params, path = params or {}, changes.get("sent_path") or self.path(key)
        stamp = stamp_of(changes.get("moment") or datetime.now(UTC))
        payload = changes.get("payload", hashlib.sha256(body).hexdigest())
        signed = {"host": self.host, "x-amz-date": stamp, "x-amz-content-sha256": payload}
        signed |= {name.lower(): value for name, value in (headers or {}).items()}
        made = request_signature(
            changes.get("secret", self.secret),
            REGION,
            stamp,
            method,
            changes.get("signed_path", path),
            changes.get("signed_params", params),
            signed,
            payload,
        )
        scope = f"{changes.get('key_id', self.key_id)}/{stamp[:8]}/{REGION}/s3/aws4_request"
        names = ";".join(sorted(signed))
        fields = f"Credential={scope}, SignedHeaders={names}, Signature={made}"
        sent = signed | {"Authorization": f"AWS4-HMAC-SHA256 {fields}", **changes.get("loose", {})}
        url = f"{self.endpoint}{path}" + (f"?{query_of(params)}" if params else "")
        return self.http.request(method, url, content=body, headers=sent)

    def put(self, key: str, body: bytes, **options: Any) -> httpx.Response:
        return self.call("PUT", key, body, **options)

    def get(self, key: str, **options: Any) -> httpx.Response:
        return self.call("GET", key, **options)

    def link(
        self,
        method: str,
        key: str,
        life: int = 600,
        params: Params | None = None,
        headers: Params | None = None,
        **changes: Any,
    ) -> str:
        """A presigned URL."""
        stamp = stamp_of(changes.get("moment") or datetime.now(UTC))
        signed = {"host": self.host} | (headers or {})
        params = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self.key_id}/{stamp[:8]}/{REGION}/s3/aws4_request",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(life),
            "X-Amz-SignedHeaders": ";".join(sorted(signed)),
            **(params or {}),
        }
        made = request_signature(
            changes.get("secret", self.secret),
            REGION,
            stamp,
            method,
            self.path(key),
            params,
            signed,
            "UNSIGNED-PAYLOAD",
        )
        return f"{self.endpoint}{self.path(key)}?{query_of(params)}&X-Amz-Signature={made}"

    def form(self, key: str, conditions: list | None = None, life: int = 600, **changes: Any):
        """The fields of an upload form.

        `fields` are added to it and to its conditions; `free` ones are left to `conditions`.
        """
        now = changes.get("moment") or datetime.now(UTC)
        stamp = stamp_of(now)
        fields = {
            "key": key,
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "x-amz-credential": f"{self.key_id}/{stamp[:8]}/{REGION}/s3/aws4_request",
            "x-amz-date": stamp,
            **changes.get("fields", {}),
        }
        policy = {
            "expiration": (now + timedelta(seconds=life)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "conditions": [
                {"bucket": self.bucket},
                *({k: v} for k, v in fields.items() if k not in changes.get("free", ())),
                *(conditions or []),
            ],
        }
        fields["policy"] = base64.b64encode(json.dumps(policy).encode()).decode()
        secret = changes.get("secret", self.secret)
        fields["x-amz-signature"] = signature(secret, stamp[:8], REGION, fields["policy"])
        return fields

    def post(self, fields: Params, content: bytes, kind: str = "image/png") -> httpx.Response:
        url = f"{self.endpoint}/{self.bucket}"
        return self.http.post(url, data=fields, files={"file": ("a.png", content, kind)})


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer in XML."""
    code = re.search(r"<Code>(.*?)</Code>", answer.text)
    return answer.status_code, code[1] if code else ""


def elements(answer: httpx.Response, name: str) -> list[str]:
    return re.findall(rf"<{name}>(.*?)</{name}>", answer.text, re.DOTALL)
