from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from commerce.models import Carrier, Fulfilment, Order, OrderStatus
from commerce.serializers.orders import (
    DeliveryAddressSerializer,
    OrderItemSerializer,
    ShipmentSerializer,
)
from commerce.services.shipping import Parcel
from config.api.serializers import ApiModelSerializer, IdField
from config.masking import mask_name, mask_phone

MOST_PARCELS = 10


class ServedOrderSerializer(ApiModelSerializer):
    """An order as those see it who serve it."""

    user_id = IdField(read_only=True)
    merchant_id = IdField(read_only=True, allow_null=True)
    order_number = serializers.CharField(source="number", read_only=True)
    ordered_at = serializers.DateTimeField(source="created_at", read_only=True)
    items = OrderItemSerializer(many=True, read_only=True)

    class Meta:
        model = Order
        fields = [
            "id", "user_id", "order_number", "total_amount", "status", "ordered_at",
            "merchant_id", "refunded_amount", "fulfilment", "paid_at", "handed_over_at",
            "completed_at", "items",
        ]  # fmt: skip


class ServedOrderDetailSerializer(ServedOrderSerializer):
    """One of them in full.

    delivery_address: null when nothing is sent; in full only while there is something to send.
    """

    delivery_address = serializers.SerializerMethodField()
    shipments = ShipmentSerializer(many=True, read_only=True)

    class Meta:
        model = Order
        fields = [
            *ServedOrderSerializer.Meta.fields, "delivery_address", "remark", "merchant_note",
            "shipments",
        ]  # fmt: skip

    @extend_schema_field(DeliveryAddressSerializer(allow_null=True))
    def get_delivery_address(self, order):
        if not order.receiver:
            return None
        address = DeliveryAddressSerializer(order).data
        if order.status == OrderStatus.PAID and order.fulfilment == Fulfilment.SHIPPING:
            return address
        return address | {
            "receiver": mask_name(order.receiver),
            "phone": mask_phone(order.receiver_phone),
            "detail": "***",
        }


class ParcelSerializer(serializers.Serializer):
    carrier = serializers.ChoiceField(Carrier.choices)
    tracking_number = serializers.RegexField(r"\A[0-9A-Za-z-]{6,40}\Z", max_length=40)

    def validate(self, body) -> Parcel:
        return Parcel(Carrier(body["carrier"]), body["tracking_number"].upper())


class ShipBodySerializer(serializers.Serializer):
    """All parcels of the order, ten at most."""

    parcels = ParcelSerializer(many=True, allow_empty=False, max_length=MOST_PARCELS)


class CorrectBodySerializer(serializers.Serializer):
    shipment_id = IdField()
    parcel = ParcelSerializer()


class CodeBodySerializer(serializers.Serializer):
    """What the buyer showed; blanks and dashes do not matter."""

    code = serializers.CharField(max_length=32)


class NoteBodySerializer(serializers.Serializer):
    note = serializers.CharField(max_length=200, allow_blank=True)


class CarrierSerializer(serializers.Serializer):
    code = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
