"""Checks the merchant's request signatures and signs answers and notices."""

import re
import secrets

from ..crypto import rsa_sign, rsa_verify
from ..web import Request
from .errors import PayError
from .keys import Pair, PayKeys

SCHEME = "WECHATPAY2-SHA256-RSA2048"
WINDOW = 5 * 60
PROBE = "WECHATPAY/SIGNTEST/"

_FIELD = re.compile(r'(\w+)="([^"]*)"')
_NAMES = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}


def check_request(keys: PayKeys, request: Request, wall: float) -> None:
    """Raise SIGN_ERROR unless the merchant's own key signed exactly this request just now."""
    scheme, _, rest = (request.headers.get("Authorization") or "").partition(" ")
    fields = dict(_FIELD.findall(rest))
    if scheme != SCHEME or not fields.keys() >= _NAMES:
        raise _refusal("authorization", "Authorization不合法")
    if fields["mchid"] != keys.mchid:
        raise _refusal("mchid", "商户号不存在")
    if fields["serial_no"].upper() != keys.merchant_serial:
        raise _refusal("serial_no", "商户证书序列号有误")
    stamp = fields["timestamp"]
    if not stamp.isdigit() or abs(wall - int(stamp)) > WINDOW:
        raise _refusal("timestamp", "时间戳已过期")
    head = f"{request.method}\n{request.target}\n{stamp}\n{fields['nonce_str']}\n"
    message = head.encode() + request.body + b"\n"
    if not rsa_verify(keys.merchant_public, message, fields["signature"]):
        raise _refusal("signature", "sign not match", head)


def check_pay_sign(keys: PayKeys, parts: list[str], signature: str) -> bool:
    """The signature of the parameters that the server gives the client."""
    message = "".join(f"{part}\n" for part in parts)
    return rsa_verify(keys.merchant_public, message.encode(), signature)


def sign_headers(
    keys: PayKeys, signer: Pair, body: bytes, wall: float, trick: str = ""
) -> dict[str, str]:
    """The Wechatpay-* headers for an answer or a notice.

    `trick`: "bad_signature" signs something else, "signtest" is the platform's own probe,
    "wrong_serial" names a key nobody has, "forged" signs with a stranger's key.
    """
    stamp, nonce = str(int(wall)), secrets.token_hex(16)
    message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    key = keys.stranger.key if trick == "forged" else signer.key
    signature = rsa_sign(key, message + b"!" if trick == "bad_signature" else message)
    if trick == "signtest":
        signature = PROBE + signature[len(PROBE) :]
    return {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": signature,
        "Wechatpay-Serial": keys.stranger.serial if trick == "wrong_serial" else signer.serial,
        "Wechatpay-Signature-Type": SCHEME,
        "Request-ID": f"{secrets.token_hex(16).upper()}-0",
    }


def _refusal(field: str, issue: str, signed: str = "") -> PayError:
    detail = {"field": field, "issue": issue, "location": "authorization"}
    if signed:
        detail["sign_information"] = {"sign_message_head": signed}
    return PayError("SIGN_ERROR", f"签名错误: {issue}", detail)
