"""Speaking to UnionPay: what every message carries, and whose answers are believed."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings

from commerce.gateways.base import GatewayError, GatewayUnknown
from commerce.gateways.page import post_form
from commerce.gateways.unionpay_messages import Distrusted, Signer, check, read_answer
from config.days import SHANGHAI

UNKNOWN = {"01", "03", "04", "05", "06"}
# Our account, limits, the hour: the same request may be granted later.
_AGAIN = {"02", "11", "31", "32", "37", "39", "64", "98"}


def refusal(word: str, answer: dict[str, str]) -> Exception:
    """What a respCode that is not the wished one comes to."""
    if word in UNKNOWN or not word:
        return GatewayUnknown(f"respCode {word}")
    return GatewayError(word, answer.get("respMsg", "")[:200], again=word in _AGAIN)


def call(path: str, **fields: str) -> dict[str, str]:
    """The answer, signed by UnionPay; GatewayUnknown for anything else."""
    return send(f"{settings.UNIONPAY_BASE}/gateway/api/{path}", signed(**fields))


def send(url: str, message: dict[str, str], *, most: int = 256 * 1024) -> dict[str, str]:
    """most: bytes of the answer."""
    body = post_form(url, urlencode(message), most=most)
    answer = read_answer(body)
    try:
        check(answer, **issuers())
    except Distrusted as error:
        raise GatewayUnknown(f"an answer to distrust: {error}") from error
    return answer


def signed(**fields: str) -> dict[str, str]:
    """A message of the merchant's; fields may also replace what all messages have."""
    signer = _signer(settings.UNIONPAY_SIGN_PFX_FILE, settings.UNIONPAY_SIGN_PFX_PASSWORD)
    common = {
        "version": "5.1.0",
        "encoding": "UTF-8",
        "signMethod": "01",
        "certId": signer.cert_id,
        "accessType": "0",
        "bizType": "000201",
        "merId": settings.UNIONPAY_MERID,
    }
    return signer.sign(common | fields)


@lru_cache(maxsize=2)
def _signer(path: str, password: str) -> Signer:
    return Signer(Path(path).read_bytes(), password)


def issuers() -> dict[str, str]:
    return {
        "root": settings.UNIONPAY_ROOT_CERT_FILE,
        "middle": settings.UNIONPAY_MIDDLE_CERT_FILE,
    }


def stamp(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y%m%d%H%M%S}"
