from decimal import Decimal

from rest_framework import serializers

from commerce.models import LedgerAccount, LedgerCause, LedgerEntry
from config.api.serializers import ApiModelSerializer

# What a merchant is told of: what is theirs, and what we keep of it.
ACCOUNTS = (LedgerAccount.PENDING, LedgerAccount.AVAILABLE, LedgerAccount.COMMISSION)


class LedgerEntrySerializer(ApiModelSerializer):
    """A line of a merchant's books; amount in yuan, positive onto the account."""

    cause = serializers.ChoiceField(LedgerCause.choices, source="transaction.cause", read_only=True)
    order_id = serializers.IntegerField(source="transaction.order_id", read_only=True)
    order_number = serializers.CharField(source="transaction.order.number", read_only=True)
    amount = serializers.SerializerMethodField()
    booked_at = serializers.DateTimeField(source="transaction.created_at", read_only=True)

    class Meta:
        model = LedgerEntry
        fields = ["id", "cause", "account", "amount", "order_id", "order_number", "booked_at"]

    def get_amount(self, entry) -> Decimal:
        return -entry.amount


class BalanceSerializer(serializers.Serializer):
    """pending: waits for its orders; available: the merchant's; commission: what we kept (yuan)."""

    pending = serializers.DecimalField(max_digits=12, decimal_places=2, read_only=True)
    available = serializers.DecimalField(max_digits=12, decimal_places=2, read_only=True)
    commission = serializers.DecimalField(max_digits=12, decimal_places=2, read_only=True)
    commission_percent = serializers.DecimalField(max_digits=5, decimal_places=2, read_only=True)
    orders = serializers.IntegerField(read_only=True)
    sales = serializers.DecimalField(max_digits=12, decimal_places=2, read_only=True)
    refunds = serializers.DecimalField(max_digits=12, decimal_places=2, read_only=True)
