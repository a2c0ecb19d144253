"""Twenty ways to make a notice of WeChat Pay that is not authentic out of one that is (M-4).

Each is called with the genuine notice and a stranger's key, and gives another forgery each time.
"""

import base64
import json
import random

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding


def other_byte(text: str) -> str:
    where = random.randrange(len(text))
    other = random.choice([char for char in "Aa0Bb1" if char != text[where]])
    return text[:where] + other + text[where + 1 :]


def head(name: str, change):
    def forge(notice, _stranger):
        headers = notice["headers"] | {f"Wechatpay-{name}": change(notice["headers"])}
        return notice | {"headers": headers}

    return forge


def body(change):
    return lambda notice, _stranger: notice | {"body": change(notice["body"])}


def resource(name: str, change):
    def forge(text: str) -> str:
        event = json.loads(text)
        event["resource"][name] = change(event["resource"].get(name, ""))
        return json.dumps(event, ensure_ascii=False)

    return body(forge)


def without(name: str):
    def forge(notice, _stranger):
        left = {k: v for k, v in notice["headers"].items() if k != f"Wechatpay-{name}"}
        return notice | {"headers": left}

    return forge


def signed_by_a_stranger(notice, stranger):
    h = notice["headers"]
    text = f"{h['Wechatpay-Timestamp']}\n{h['Wechatpay-Nonce']}\n{notice['body']}\n".encode()
    signature = base64.b64encode(stranger.sign(text, padding.PKCS1v15(), hashes.SHA256()))
    return notice | {"headers": h | {"Wechatpay-Signature": signature.decode()}}


def random_base64(length: int) -> str:
    return base64.b64encode(random.randbytes(length)).decode()


FORGERIES = {
    "a byte of the body": body(other_byte),
    "written anew": body(lambda text: json.dumps(json.loads(text), indent=1)),
    "cut": body(lambda text: text[: random.randrange(len(text))]),
    "a blank more": body(lambda text: text + " "),
    "another event id": body(lambda text: text.replace('"EV-', '"EW-', 1).replace("id", "Id", 1)),
    "other ciphertext": resource("ciphertext", lambda _: random_base64(400)),
    "other nonce": resource("nonce", other_byte),
    "other context": resource("associated_data", lambda _: "refund"),
    "another algorithm": resource("algorithm", lambda _: "none"),
    "a byte of the signature": head("Signature", lambda h: other_byte(h["Wechatpay-Signature"])),
    "a random signature": head("Signature", lambda h: random_base64(256)),
    "an empty signature": head("Signature", lambda h: ""),
    "no base64": head("Signature", lambda h: "!" * random.randrange(1, 400)),
    "a weaker algorithm": head("Signature-Type", lambda h: "WECHATPAY2-HMAC-SHA1"),
    "no algorithm": without("Signature-Type"),
    "another public key": head("Serial", lambda h: f"PUB_KEY_ID_{random.randrange(10**32):032}"),
    "a certificate": head("Serial", lambda h: f"{random.randrange(16**40):040X}"),
    "another second": head("Timestamp", lambda h: str(int(h["Wechatpay-Timestamp"]) + 1)),
    "another nonce": head("Nonce", lambda h: other_byte(h["Wechatpay-Nonce"])),
    "a stranger's key": signed_by_a_stranger,
}  # fmt: skip
