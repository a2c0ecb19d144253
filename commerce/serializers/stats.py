from rest_framework import serializers

from accounts.serializers.stats import SpanQuery, StatsExportBody
from commerce.services.order_stats import kind_titles


class OrderStatsQuery(SpanQuery):
    """merchant: one alone, 0 for what the platform sells itself.  kind: what is sold."""

    merchant = serializers.IntegerField(required=False, min_value=0)
    kind = serializers.CharField(required=False, max_length=32)

    def validate_kind(self, kind: str) -> str:
        if kind not in kind_titles():
            wrong = serializers.ChoiceField.default_error_messages["invalid_choice"]
            raise serializers.ValidationError(wrong.format(input=kind), code="invalid_choice")
        return kind

    def validate(self, data):
        more = {name: data[name] for name in ("merchant", "kind") if name in data}
        return super().validate(data) | more


class OrderStatsExportBody(StatsExportBody, OrderStatsQuery):
    """The figures that are wanted; no format: CSV."""


def _yuan(**options) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=16, decimal_places=2, coerce_to_string=False, **options
    )


class OrderTotalsSerializer(serializers.Serializer):
    """Amounts in yuan.  refund_rate: refunds to sales, of the same days."""

    orders = serializers.IntegerField()
    sales = _yuan()
    refunds = serializers.IntegerField()
    refunded = _yuan()
    net = _yuan()
    average_order = _yuan(allow_null=True)
    refund_rate = serializers.DecimalField(
        max_digits=16, decimal_places=4, coerce_to_string=False, allow_null=True
    )
    returned = _yuan()


class OrderPartSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    orders = serializers.IntegerField()
    sales = _yuan()
    refunds = serializers.IntegerField()
    refunded = _yuan()


class OrderStatsSerializer(serializers.Serializer):
    """series has one entry per entry of `starts`, the first days of the periods."""

    to = serializers.DateField(source="last")
    by = serializers.CharField()
    starts = serializers.ListField(child=serializers.DateField())
    totals = OrderTotalsSerializer()
    series = OrderTotalsSerializer(many=True)
    kinds = OrderPartSerializer(many=True)
    methods = OrderPartSerializer(many=True)
    reasons = OrderPartSerializer(many=True)
    merchants = OrderPartSerializer(many=True)

    def get_fields(self):
        return {"from": serializers.DateField(source="first")} | super().get_fields()
