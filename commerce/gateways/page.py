"""What the providers with a page of their own have in common: the person pays in the browser."""

from datetime import timedelta
from functools import lru_cache

import httpx
from django.conf import settings
from django.utils import timezone

from commerce.gateways.base import GatewayUnknown, Trade, TradeState
from config.http import NoAnswer, ask, http_client

# The page's clock is not ours: a trade may appear until shortly after it ran out.
PAGE_GRACE = timedelta(minutes=1)


class PageGateway:
    """Part of commerce.gateways.base.Gateway for a trade that begins where the person pays."""

    payer_app = None
    platform = "web"

    def prepay(self, payment, *, description: str) -> str:
        """Nothing to tell: the provider hears of it when the person opens the page."""
        return payment.number


def unseen(payment) -> Trade:
    """The provider has no trade; the page can be opened, and paid, until it runs out."""
    open_ = timezone.now() < payment.expires_at + PAGE_GRACE and payment.prepay_id
    return Trade(payment.number, TradeState.UNPAID if open_ else TradeState.ABSENT)


def return_url() -> str:
    """Where the provider sends the person afterwards."""
    return f"{settings.PUBLIC_URL}/api/v1/pay/return"


def post_form(url: str, form: str, *, most: int = 256 * 1024) -> str:
    """The text that answers a form, written as it goes on the wire; GatewayUnknown without one.

    most: bytes of it.
    """
    headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
    try:
        answer = ask(_http(), "POST", url, content=form, headers=headers, most=most, seconds=15)
    except NoAnswer as error:
        raise GatewayUnknown(str(error)) from None
    if answer.status != 200:
        raise GatewayUnknown(f"HTTP {answer.status}")
    try:
        return answer.body.decode()
    except UnicodeDecodeError as error:
        raise GatewayUnknown("an answer that is no text") from error


@lru_cache(maxsize=1)
def _http() -> httpx.Client:
    return http_client(connect=3.05, read=10)
