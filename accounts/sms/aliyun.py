"""Aliyun's dysmsapi, signed with ACS3-HMAC-SHA256."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils import timezone

from accounts.sms.base import SmsError, Trouble, post

VERSION = "2017-05-25"
SCHEME = "ACS3-HMAC-SHA256"
_NOTHING = hashlib.sha256(b"").hexdigest()
_TROUBLES = {
    "isv.BUSINESS_LIMIT_CONTROL": Trouble.LIMIT,
    "isv.MOBILE_NUMBER_ILLEGAL": Trouble.NUMBER,
    "isv.MOBILE_COUNT_OVER_LIMIT": Trouble.NUMBER,
    "isv.DAY_LIMIT_CONTROL": Trouble.ACCOUNT,
    "isv.MONTH_LIMIT_CONTROL": Trouble.ACCOUNT,
    "isv.AMOUNT_NOT_ENOUGH": Trouble.ACCOUNT,
    "isv.OUT_OF_SERVICE": Trouble.ACCOUNT,
    "isv.PRODUCT_UN_SUBSCRIPT": Trouble.ACCOUNT,
    "isv.PRODUCT_UNSUBSCRIBE": Trouble.ACCOUNT,
    "isv.ACCOUNT_ABNORMAL": Trouble.ACCOUNT,
    "isv.ACCOUNT_NOT_EXISTS": Trouble.ACCOUNT,
    "isp.RAM_PERMISSION_DENY": Trouble.ACCOUNT,
    "isp.SYSTEM_ERROR": Trouble.SYSTEM,
    "ServiceUnavailable": Trouble.SYSTEM,
    "InternalError": Trouble.UNKNOWN,
}


class AliyunSender:
    name = "aliyun"

    def is_configured(self) -> bool:
        return bool(
            settings.SMS_ALIYUN_ENDPOINT
            and settings.SMS_ALIYUN_KEY_ID
            and settings.SMS_ALIYUN_KEY_SECRET
        )

    def send(self, phone: str, template: str, params: Mapping[str, str]) -> str:
        query = _joined(
            {
                "PhoneNumbers": phone,
                "SignName": settings.SMS_SIGN_NAME,
                "TemplateCode": template,
                "TemplateParam": json.dumps(dict(params), ensure_ascii=False),
            }
        )
        endpoint = settings.SMS_ALIYUN_ENDPOINT
        headers = _signed(urlsplit(endpoint).netloc, query)
        answer = post(self.name, f"{endpoint}/?{query}", headers=headers)
        code = str(answer.get("Code"))
        if code != "OK":
            raise SmsError(self.name, code, _trouble(code))
        return str(answer.get("BizId", ""))


def _trouble(code: str) -> Trouble:
    """What has no prefix comes from the gateway: keys, times, signatures."""
    known = _TROUBLES.get(code)
    return known or (Trouble.WORDS if code.startswith("isv.") else Trouble.ACCOUNT)


def _signed(host: str, query: str) -> dict[str, str]:
    headers = {
        "host": host,
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": _NOTHING,
        "x-acs-date": f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": secrets.token_hex(16),
        "x-acs-version": VERSION,
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = "\n".join(("POST", "/", query, lines, names, _NOTHING))
    text = f"{SCHEME}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = settings.SMS_ALIYUN_KEY_SECRET.encode()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    credential = f"Credential={settings.SMS_ALIYUN_KEY_ID}"
    stated = f"{SCHEME} {credential},SignedHeaders={names},Signature={signature}"
    return headers | {"Authorization": stated}


def _joined(params: Mapping[str, str]) -> str:
    """RFC 3986, sorted: what is signed is what is sent."""
    return "&".join(f"{k}={quote(v, safe='~')}" for k, v in sorted(params.items()))
