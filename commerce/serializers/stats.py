from rest_framework import serializers

from accounts.serializers.stats import SpanQuery, StatsExportBody, StatsSerializer
from commerce.services.order_stats import kind_titles
from config.api.serializers import IdField


class OrderStatsQuery(SpanQuery):
    """merchant: one alone, 0 for what the platform sells itself.  kind: what is sold."""

    merchant = IdField(required=False, min_value=0)
    kind = serializers.CharField(required=False, max_length=32)

    def validate_kind(self, kind: str) -> str:
        if kind not in kind_titles():
            wrong = serializers.ChoiceField.default_error_messages["invalid_choice"]
            raise serializers.ValidationError(wrong.format(input=kind), code="invalid_choice")
        return kind


class OrderStatsExportBody(StatsExportBody, OrderStatsQuery):
    """The figures that are wanted; no format: CSV."""


def yuan_field(**options) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=16, decimal_places=2, coerce_to_string=False, **options
    )


class OrderTotalsSerializer(serializers.Serializer):
    """Amounts in yuan.  refund_rate: refunds to sales, of the same days."""

    orders = serializers.IntegerField()
    sales = yuan_field()
    refunds = serializers.IntegerField()
    refunded = yuan_field()
    net = yuan_field()
    average_order = yuan_field(allow_null=True)
    refund_rate = serializers.DecimalField(
        max_digits=16, decimal_places=4, coerce_to_string=False, allow_null=True
    )
    returned = yuan_field()


class OrderPartSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    orders = serializers.IntegerField()
    sales = yuan_field()
    refunds = serializers.IntegerField()
    refunded = yuan_field()


class OrderStatsSerializer(StatsSerializer):
    """series has one entry per entry of `starts`, the first days of the periods."""

    totals = OrderTotalsSerializer()
    series = OrderTotalsSerializer(many=True)
    kinds = OrderPartSerializer(many=True)
    methods = OrderPartSerializer(many=True)
    reasons = OrderPartSerializer(many=True)
    merchants = OrderPartSerializer(many=True)
