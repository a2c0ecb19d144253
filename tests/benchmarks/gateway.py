"""A provider that answers at once, after the signatures that WeChat Pay asks of everybody.

The network is left out on both sides of the benchmark; the cryptography is not: one RSA signature
for the request and one for the client's parameters, as the real gateway makes them.
"""

import base64
import secrets
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.conf import settings

_key = rsa.generate_private_key(65537, 2048)


class InstantGateway:
    platform = "mini_program"
    ready = True

    @property
    def payer_app(self) -> str:
        return settings.WX_APPID

    def prepay(self, payment, *, description: str) -> str:
        return prepay(payment.number, description)

    def client_parameters(self, payment, *, description: str) -> dict[str, str]:
        return client_parameters(payment.prepay_id)


def prepay(number: str, description: str) -> str:
    sign(f"POST\n/v3/pay/transactions/jsapi\n{number}\n{description}\n")
    return f"wx{number}"


def client_parameters(prepay_id: str) -> dict[str, str]:
    stamp, nonce, package = str(int(time.time())), secrets.token_hex(16), f"prepay_id={prepay_id}"
    return {
        "timeStamp": stamp,
        "nonceStr": nonce,
        "package": package,
        "signType": "RSA",
        "paySign": sign(f"{settings.WX_APPID}\n{stamp}\n{nonce}\n{package}\n"),
    }


def sign(text: str) -> str:
    signature = _key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signature).decode()
