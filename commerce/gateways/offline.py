"""Cash and bank transfers: nobody to call, the word of staff stands for a provider's."""

from typing import Any

from commerce.errors import NoticeRefused
from commerce.gateways.base import Notice, RefundResult, RefundState, Trade, TradeState
from commerce.models import OfflineRecord, OfflineStatus

_STATES = {OfflineStatus.CONFIRMED: TradeState.PAID, OfflineStatus.WAITING: TradeState.UNPAID}


class OfflineGateway:
    """Implements commerce.gateways.base.Gateway on the records of staff; no network.

    Never ready: clients begin no such payment, services.offline does.
    """

    payer_app = None
    platform = ""
    ready = False

    def prepay(self, payment, *, description: str) -> str:
        return payment.number

    def client_parameters(self, payment, *, description: str) -> dict[str, Any]:
        return {}

    def query(self, payment) -> Trade:
        """CLOSED once somebody refused what was recorded."""
        record = OfflineRecord.objects.filter(payment=payment, refund=None).first()
        if record is None:
            return Trade(payment.number, TradeState.ABSENT)
        state = _STATES.get(record.status, TradeState.CLOSED)
        if state != TradeState.PAID:
            return Trade(payment.number, state)
        return Trade(
            payment.number, state, transaction_id=record.reference, amount=record.amount,
            paid_at=record.created_at,
        )  # fmt: skip

    def close(self, payment) -> None:
        """Nothing to shut: money that is confirmed later goes back by itself."""

    def refund(self, refund) -> RefundResult:
        """Somebody has to pay it back and say so."""
        return self.query_refund(refund)

    def query_refund(self, refund) -> RefundResult:
        record = refund.offline_records.filter(status=OfflineStatus.CONFIRMED).first()
        if record is None:
            return RefundResult(refund.number, RefundState.PROCESSING)
        return RefundResult(
            refund.number, RefundState.SUCCEEDED, provider_id=record.reference,
            amount=record.amount, succeeded_at=record.decided_at,
        )  # fmt: skip

    def parse_notice(self, headers, body: bytes) -> Notice:
        raise NoticeRefused("forged", "nobody sends notices of offline payments")
