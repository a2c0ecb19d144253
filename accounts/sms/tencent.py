"""Tencent Cloud's SMS, signed with TC3-HMAC-SHA256."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from accounts.sms.base import SmsError, Trouble, post

VERSION, REGION, SERVICE = "2021-01-11", "ap-guangzhou", "sms"
SCHEME = "TC3-HMAC-SHA256"
KIND = "application/json; charset=utf-8"
_TROUBLES = {
    "LimitExceeded.AppDailyLimit": Trouble.ACCOUNT,
    "InvalidParameterValue.IncorrectPhoneNumber": Trouble.NUMBER,
    "FailedOperation.PhoneNumberInBlacklist": Trouble.NUMBER,
    "FailedOperation.InsufficientBalanceInSmsPackage": Trouble.ACCOUNT,
}
_BY_KIND = {
    "LimitExceeded": Trouble.LIMIT,
    "InternalError": Trouble.UNKNOWN,
    "AuthFailure": Trouble.ACCOUNT,
    "UnauthorizedOperation": Trouble.ACCOUNT,
    "UnsupportedOperation": Trouble.NUMBER,
}


class TencentSender:
    name = "tencent"

    def is_configured(self) -> bool:
        return bool(
            settings.SMS_TENCENT_ENDPOINT
            and settings.SMS_TENCENT_SECRET_ID
            and settings.SMS_TENCENT_SECRET_KEY
            and settings.SMS_TENCENT_APPID
        )

    def send(self, phone: str, template: str, params: Mapping[str, str]) -> str:
        order = {
            "PhoneNumberSet": [f"+86{phone}"],
            "SmsSdkAppId": settings.SMS_TENCENT_APPID,
            "TemplateId": template,
            "SignName": settings.SMS_SIGN_NAME,
            "TemplateParamSet": list(params.values()),
        }
        endpoint, body = settings.SMS_TENCENT_ENDPOINT, json.dumps(order).encode()
        headers = _signed(urlsplit(endpoint).netloc, body)
        answer = post(self.name, f"{endpoint}/", headers=headers, body=body).get("Response")
        code, serial = _read(answer)
        if code != "Ok":
            kind = _BY_KIND.get(code.partition(".")[0], Trouble.WORDS)
            raise SmsError(self.name, code, _TROUBLES.get(code, kind))
        return serial


def _read(answer: object) -> tuple[str, str]:
    """(code, the message's number) of the whole request or else of the one number."""
    try:
        if "Error" in answer:
            return str(answer["Error"]["Code"]), ""
        (status,) = answer["SendStatusSet"]
        return str(status["Code"]), str(status.get("SerialNo", ""))
    except (TypeError, KeyError, ValueError, AttributeError):
        raise SmsError(TencentSender.name, "unreadable answer", Trouble.UNKNOWN) from None


def _signed(host: str, body: bytes) -> dict[str, str]:
    now = timezone.now().astimezone(UTC)
    stamp, day = str(int(now.timestamp())), f"{now:%Y-%m-%d}"
    names = "content-type;host"
    lines = f"content-type:{KIND}\nhost:{host}\n"
    canonical = "\n".join(("POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()))
    scope = f"{day}/{SERVICE}/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"TC3{settings.SMS_TENCENT_SECRET_KEY}".encode()
    for part in (day, SERVICE, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = "\n".join((SCHEME, stamp, scope, digest))
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    credential = f"Credential={settings.SMS_TENCENT_SECRET_ID}/{scope}"
    return {
        "Host": host,
        "Content-Type": KIND,
        "X-TC-Action": "SendSms",
        "X-TC-Version": VERSION,
        "X-TC-Timestamp": stamp,
        "X-TC-Region": REGION,
        "Authorization": f"{SCHEME} {credential}, SignedHeaders={names}, Signature={signature}",
    }
