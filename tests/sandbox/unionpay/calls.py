"""What the control API says about UnionPay, for Python callers."""

from typing import Any

Json = dict[str, Any]


class UnionPayCalls:
    """Part of SandboxClient."""

    def unionpay_cashier(self, form_html: str, outcome: str = "pay", **more: Any) -> Json:
        """The person's browser sends the back end's form, then they pay or ("open") look.

        `more`: code (the respCode it ends with), notify, copies.
        """
        order = {"form_html": form_html, "outcome": outcome} | more
        return self._post("/unionpay/cashier", order)

    def unionpay_pay(self, number: str, **more: Any) -> Json:
        """The person pays without our client; `force` even after the time ran out."""
        return self._post(f"/unionpay/deals/{number}/pay", more)

    def unionpay_hold_refunds(self) -> None:
        """From now on refunds wait for unionpay_settle()."""
        self._post("/unionpay/hold-refunds", {})

    def unionpay_settle(self, number: str, code: str = "00", notify: str = "none") -> Json:
        """End a refund with that respCode."""
        order = {"code": code, "notify": notify}
        return self._post(f"/unionpay/deals/{number}/settle", order)

    def unionpay_deal(self, number: str) -> Json:
        return self._get(f"/unionpay/deals/{number}")

    def unionpay_book(self) -> Json:
        """All money in and out, in fen."""
        return self._get("/unionpay/book")

    def unionpay_notice(self, number: str, **changes: Any) -> Json:
        """One signed notice, not delivered. `changes`: mutate, signature, tamper."""
        return self._post("/unionpay/notice", {"order_id": number} | changes)
