"""The three providers with one face, for what is asked of each of them."""

from dataclasses import dataclass

from commerce.models import Payment
from commerce.services.starting import start_payment
from tests.factories.commerce import payer, place


@dataclass
class Rail:
    """method: ours; name: the sandbox's.  world: the sandbox."""

    world: object
    user: object
    method: str
    name: str
    refund_path: str
    busy: str  # the provider does not know what became of the request
    poor: str  # not enough balance now
    parameters: dict = None

    @property
    def pay_path(self) -> str:
        return f"/pay/callback/{self.method}"

    def start(self) -> Payment:
        """An attempt that the provider knows."""
        started = start_payment(place(self.user).pk, user=self.user, method=self.method)
        self.parameters = started.parameters
        if self.method == "alipay":
            self.world.alipay_cashier(started.parameters["page_url"], "open")
        elif self.method == "unionpay":
            self.world.unionpay_cashier(started.parameters["form_html"], "open")
        return started.payment

    def pay(self, number: str, **how) -> None:
        """Paid there; nobody has told us yet."""
        pays = {"wechat": "pay", "alipay": "alipay_pay", "unionpay": "unionpay_pay"}
        getattr(self.world, pays[self.method])(number, notify="hold", **how)

    def notice(self, number: str, **changes) -> dict:
        return self._notice()(number, **changes)

    def refund_notice(self, number: str) -> dict:
        if self.method == "unionpay":
            return self._notice()(number)
        return self._notice()(out_refund_no=number)

    def settle(self, number: str) -> None:
        """The refund is done there; nobody has told us yet."""
        if self.method == "wechat":
            self.world.settle_refund(number, "SUCCESS", notify="none")
        elif self.method == "unionpay":
            self.world.unionpay_settle(number)

    def book(self) -> dict:
        books = {"wechat": "book", "alipay": "alipay_book", "unionpay": "unionpay_book"}
        return getattr(self.world, books[self.method])()

    def _notice(self):
        builders = {
            "wechat": "notice", "alipay": "alipay_notice", "unionpay": "unionpay_notice",
        }  # fmt: skip
        return getattr(self.world, builders[self.method])


RAILS = {
    "wechat": {"name": "wxpay", "refund_path": "/refund/callback/wechat",
               "busy": "error:SYSTEM_ERROR", "poor": "error:NOT_ENOUGH"},
    "alipay": {"name": "alipay", "refund_path": "/pay/callback/alipay",
               "busy": "error:20000", "poor": "error:ACQ.SELLER_BALANCE_NOT_ENOUGH"},
    "unionpay": {"name": "unionpay", "refund_path": "/refund/callback/unionpay",
                 "busy": "error:03", "poor": "error:64"},
}  # fmt: skip


def rail_of(method: str, world, user) -> Rail:
    payer(world, user)
    world.refund_settings(seconds=None, spacing=0)
    world.unionpay_hold_refunds()
    return Rail(world=world, user=user, method=method, **RAILS[method])
