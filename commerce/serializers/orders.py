from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from commerce.models import (
    Fulfilment,
    Order,
    OrderItem,
    OrderStatus,
    Payment,
    PaymentMethod,
    Refund,
    RefundReason,
    Shipment,
)
from commerce.payables import Want
from config.api.serializers import ApiModelSerializer, IdField, MoneyField, ReadSerializer
from config.masking import mask_phone

PLATFORMS = ("mini_program", "web")


class OrderItemSerializer(ApiModelSerializer):
    class Meta:
        model = OrderItem
        fields = [
            "id", "kind", "target_id", "title", "image_url", "unit_price", "quantity", "amount",
        ]  # fmt: skip

    amount = serializers.DecimalField(max_digits=10, decimal_places=2, read_only=True)


class DeliveryAddressSerializer(ReadSerializer):
    """Where an order is sent to, as it was when it was placed."""

    receiver = serializers.CharField(read_only=True)
    phone = serializers.CharField(source="receiver_phone", read_only=True)
    region = serializers.CharField(read_only=True)
    detail = serializers.CharField(source="address_detail", read_only=True)


class ShipmentSerializer(ApiModelSerializer):
    carrier_name = serializers.CharField(source="get_carrier_display", read_only=True)

    class Meta:
        model = Shipment
        fields = ["id", "carrier", "carrier_name", "tracking_number", "shipped_at"]


class OrderSerializer(ApiModelSerializer):
    """An order as its buyer sees it; amounts are yuan, two decimals.

    delivery_address: null when nothing is sent.
    """

    order_number = serializers.CharField(source="number", read_only=True)
    ordered_at = serializers.DateTimeField(source="created_at", read_only=True)
    merchant_id = IdField(read_only=True, allow_null=True)
    delivery_address = serializers.SerializerMethodField()
    items = OrderItemSerializer(many=True, read_only=True)

    @extend_schema_field(DeliveryAddressSerializer(allow_null=True))
    def get_delivery_address(self, order):
        return DeliveryAddressSerializer(order).data if order.receiver else None

    class Meta:
        model = Order
        fields = [
            "id",
            "order_number",
            "status",
            "total_amount",
            "refunded_amount",
            "ordered_at",
            "expires_at",
            "paid_at",
            "completed_at",
            "merchant_id",
            "fulfilment",
            "handed_over_at",
            "confirm_by",
            "delivery_address",
            "remark",
            "items",
        ]


class OrderDetailSerializer(OrderSerializer):
    """With its parcels and, once it is paid, the code to show on the spot (null otherwise)."""

    shipments = serializers.SerializerMethodField()
    verification_code = serializers.SerializerMethodField()

    class Meta(OrderSerializer.Meta):
        fields = [*OrderSerializer.Meta.fields, "shipments", "verification_code"]

    @extend_schema_field(ShipmentSerializer(many=True))
    def get_shipments(self, order):
        sent = order.fulfilment == Fulfilment.SHIPPING
        return ShipmentSerializer(order.shipments.all(), many=True).data if sent else []

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_verification_code(self, order):
        waiting = order.status == OrderStatus.PAID and order.fulfilment == Fulfilment.VERIFICATION
        return order.verification_code.code if waiting else None


class ListedOrderSerializer(OrderSerializer):
    """The same in a list: the receiver's number is masked."""

    def to_representation(self, order):
        row = super().to_representation(order)
        if row["delivery_address"]:
            row["delivery_address"]["phone"] = mask_phone(row["delivery_address"]["phone"])
        return row


class WantSerializer(serializers.Serializer):
    """One thing to buy.  The server sets the price; expected_price is what the buyer was shown."""

    kind = serializers.CharField(max_length=32)
    target_id = IdField()
    quantity = serializers.IntegerField(min_value=1, max_value=999, default=1)
    options = serializers.DictField(default=dict)
    expected_price = MoneyField(required=False)


class PlaceOrderSerializer(serializers.Serializer):
    """address_id: one of the buyer's own, for what is sent.  remark: a note to the seller."""

    items = WantSerializer(many=True, allow_empty=False, max_length=20)
    address_id = IdField(required=False)
    remark = serializers.CharField(max_length=200, allow_blank=True, default="")

    def validate_items(self, items) -> list[Want]:
        return [Want(**item) for item in items]


class OrderReferenceSerializer(serializers.Serializer):
    """Names an order by id or by number."""

    order_id = IdField(required=False)
    order_number = serializers.CharField(max_length=32, required=False)

    def validate(self, body):
        if ("order_id" in body) == ("order_number" in body):
            raise serializers.ValidationError({"order_id": [_("请提供订单 ID 或订单编号之一")]})
        return body


class PayBodySerializer(OrderReferenceSerializer):
    method = serializers.CharField(max_length=16, default=PaymentMethod.WECHAT.value)


class MethodsQuerySerializer(serializers.Serializer):
    platform = serializers.ChoiceField(choices=PLATFORMS, default="")


class PaymentMethodSerializer(serializers.Serializer):
    """A way to pay; platform: where what POST /pay answers can be used."""

    method = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    platform = serializers.ChoiceField(choices=PLATFORMS, read_only=True)


class PaymentMethodsSerializer(serializers.Serializer):
    methods = PaymentMethodSerializer(many=True, read_only=True)


class PaymentSerializer(ApiModelSerializer):
    """One attempt to pay."""

    order_id = IdField(read_only=True)
    order_number = serializers.CharField(source="order.number", read_only=True)
    order_status = serializers.CharField(source="order.status", read_only=True)

    class Meta:
        model = Payment
        fields = [
            "id",
            "number",
            "order_id",
            "order_number",
            "order_status",
            "method",
            "amount",
            "refunded_amount",
            "status",
            "expires_at",
            "paid_at",
        ]


class StartedPaymentSerializer(serializers.Serializer):
    """The attempt, and what the client hands to wx.requestPayment (only valid in app_id); by
    Alipay page_url and wap_url, the cashier for a computer's and a phone's browser."""

    payment = PaymentSerializer(read_only=True)
    app_id = serializers.CharField(read_only=True)
    client_parameters = serializers.DictField(
        source="parameters", child=serializers.CharField(), read_only=True
    )


class RefundBodySerializer(OrderReferenceSerializer):
    reason_code = serializers.ChoiceField(choices=RefundReason.buyers())
    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


class RefundSerializer(ApiModelSerializer):
    refund_number = serializers.CharField(source="number", read_only=True)
    order_id = IdField(read_only=True)
    order_number = serializers.CharField(source="order.number", read_only=True)
    requested_at = serializers.DateTimeField(source="created_at", read_only=True)

    class Meta:
        model = Refund
        fields = [
            "id",
            "refund_number",
            "order_id",
            "order_number",
            "amount",
            "status",
            "reason_code",
            "reason",
            "review_note",
            "requested_at",
            "succeeded_at",
        ]
