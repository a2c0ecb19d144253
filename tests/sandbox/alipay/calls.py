"""What the control API says about Alipay, for Python callers."""

from typing import Any

Json = dict[str, Any]


class AlipayCalls:
    """Part of SandboxClient."""

    def alipay_cashier(
        self,
        url: str,
        outcome: str = "pay",
        notify: str | None = None,
        copies: int | None = None,
    ) -> Json:
        """The person opens the back end's signed address and pays, cancels or only looks."""
        order = {"url": url, "outcome": outcome, "notify": notify, "copies": copies}
        return self._post("/alipay/cashier", {k: v for k, v in order.items() if v is not None})

    def alipay_pay(self, number: str, force: bool = False, notify: str = "auto") -> Json:
        """The person pays without our client; `force` even after closing or expiry."""
        return self._post(f"/alipay/trades/{number}/pay", {"force": force, "notify": notify})

    def alipay_trade(self, number: str) -> Json:
        return self._get(f"/alipay/trades/{number}")

    def alipay_refund(self, number: str) -> Json:
        return self._get(f"/alipay/refunds/{number}")

    def alipay_book(self) -> Json:
        """All money in and out, in fen."""
        return self._get("/alipay/book")

    def alipay_notice(self, number: str = "", **changes: Any) -> Json:
        """One signed notice, not delivered.

        `changes`: out_refund_no, mutate, signature, id, timestamp_offset, tamper.
        """
        return self._post("/alipay/notice", {"out_trade_no": number} | changes)
