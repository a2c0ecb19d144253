"""Aliyun's two signature schemes: ACS3-HMAC-SHA256 and, older, RPC 1.0 with HMAC-SHA1."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

from ..web import Request
from .aliyun_errors import AliyunError
from .nonces import Nonces

SCHEME = "ACS3-HMAC-SHA256"
WINDOW = 15 * 60
STAMP = "%Y-%m-%dT%H:%M:%SZ"
NEEDED = ("host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce")

Params = dict[str, str]


class AliyunGate:
    """Reads and authenticates a request; answers its parameters, `Action` among them."""

    def __init__(self, key_id: str, secret: str, nonces: Nonces):
        self._key_id, self._secret, self._nonces = key_id, secret, nonces

    def admit(self, request: Request, wall: float) -> Params:
        query = parse_qsl(urlsplit(request.target).query, keep_blank_values=True)
        params = dict(query) | _form(request)
        if request.headers.get("Authorization"):
            return self._admit_v3(request, query, params, wall)
        return self._admit_rpc(request, params, wall)

    def _admit_v3(self, request: Request, query: list, params: Params, wall: float) -> Params:
        headers = {name.lower(): value for name, value in request.headers.items()}
        key_id, signed, signature = _read_authorization(headers["authorization"])
        if not _covers(signed, headers):
            raise AliyunError("IncompleteSignature")
        self._check_key(key_id)
        self._check_time(headers["x-acs-date"], wall)
        digest = hashlib.sha256(request.body).hexdigest()
        lines = "".join(f"{name}:{headers[name].strip()}\n" for name in signed)
        parts = (request.method, request.path or "/", _joined(query), lines, ";".join(signed))
        canonical = "\n".join((*parts, digest))
        text = f"{SCHEME}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        expected = hmac.new(self._secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        stated = headers.get("x-acs-content-sha256", digest)
        if stated != digest or not hmac.compare_digest(expected.encode(), signature.encode()):
            raise _mismatch(text)
        self._check_nonce(headers["x-acs-signature-nonce"], wall)
        names = {"Action": headers["x-acs-action"], "Version": headers["x-acs-version"]}
        return params | names

    def _admit_rpc(self, request: Request, params: Params, wall: float) -> Params:
        for name in ("AccessKeyId", "Signature", "SignatureNonce", "Timestamp", "Version"):
            if not params.get(name):
                raise AliyunError(f"Missing{name}", f"{name} is mandatory for this action.")
        method, version = params.get("SignatureMethod"), params.get("SignatureVersion")
        if (method, version) != ("HMAC-SHA1", "1.0"):
            raise AliyunError("IncompleteSignature")
        self._check_key(params["AccessKeyId"])
        self._check_time(params["Timestamp"], wall)
        unsigned = [item for item in params.items() if item[0] != "Signature"]
        text = f"{request.method}&%2F&{_quote(_joined(unsigned))}"
        digest = hmac.new(f"{self._secret}&".encode(), text.encode(), hashlib.sha1).digest()
        expected = base64.b64encode(digest)
        if not hmac.compare_digest(expected, params["Signature"].encode()):
            raise _mismatch(text)
        self._check_nonce(params["SignatureNonce"], wall)
        return params

    def _check_key(self, key_id: str) -> None:
        if key_id != self._key_id:
            raise AliyunError("InvalidAccessKeyId.NotFound")

    def _check_time(self, text: str, wall: float) -> None:
        try:
            moment = datetime.strptime(text, STAMP).replace(tzinfo=UTC).timestamp()
        except ValueError:
            raise AliyunError("InvalidTimeStamp.Format") from None
        if abs(wall - moment) > WINDOW:
            raise AliyunError("InvalidTimeStamp.Expired")

    def _check_nonce(self, nonce: str, wall: float) -> None:
        if not self._nonces.is_new(nonce, wall):
            raise AliyunError("SignatureNonceUsed")


def _form(request: Request) -> Params:
    kind = request.headers.get("Content-Type", "")
    if not kind.startswith("application/x-www-form-urlencoded"):
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _read_authorization(text: str) -> tuple[str, list[str], str]:
    scheme, _, rest = text.partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    if scheme != SCHEME or not fields.keys() >= {"Credential", "SignedHeaders", "Signature"}:
        raise AliyunError("IncompleteSignature")
    return fields["Credential"], fields["SignedHeaders"].split(";"), fields["Signature"]


def _covers(signed: list[str], headers: dict[str, str]) -> bool:
    """All that was sent and says what is asked for must be signed, in order."""
    sent = {name for name in headers if name.startswith("x-acs-")}
    return signed == sorted(signed) and {*NEEDED, *sent} <= set(signed) <= headers.keys()


def _joined(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{_quote(name)}={_quote(value)}" for name, value in sorted(pairs))


def _quote(text: str) -> str:
    return quote(text, safe="~")


def _mismatch(text: str) -> AliyunError:
    shown = (
        f"Specified signature is not matched with our calculation. server StringToSign is:{text}"
    )
    return AliyunError("SignatureDoesNotMatch", shown)
