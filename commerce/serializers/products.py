from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from commerce.models import Product, ProductStatus, StockMovement
from commerce.serializers.pictures import PictureSerializer, picture_ids
from config.addresses import LONGEST, public_address
from config.api.serializers import ApiModelSerializer, IdField, MoneyField


class ProductSerializer(ApiModelSerializer):
    """Something on sale, as everybody sees it; price in yuan."""

    merchant_id = IdField(read_only=True)
    merchant_name = serializers.CharField(source="merchant.business_name", read_only=True)
    images = PictureSerializer(many=True, read_only=True)

    class Meta:
        model = Product
        fields = [
            "id", "merchant_id", "merchant_name", "name", "description", "price", "image_url",
            "images", "category", "status", "stock", "sold", "max_per_order", "needs_address",
            "created_at",
        ]  # fmt: skip


class OwnProductSerializer(ProductSerializer):
    """The same as its merchant sees it."""

    class Meta:
        model = Product
        fields = [
            *ProductSerializer.Meta.fields, "held", "total", "review_note", "submitted_at",
            "reviewed_at", "updated_at",
        ]  # fmt: skip


class ProductBodySerializer(serializers.Serializer):
    """status: on_sale asks for it to be sold (after a review, the first time), draft and off_sale
    for it not to be; the others are for staff to give and change nothing.

    image_ids: uploads with the purpose product; the first becomes image_url.
    """

    name = serializers.CharField(max_length=64)
    description = serializers.CharField(max_length=5000, allow_blank=True, required=False)
    price = MoneyField()
    image_url = serializers.URLField(
        max_length=LONGEST, allow_blank=True, required=False, validators=[public_address]
    )
    category = serializers.CharField(max_length=32, allow_blank=True, required=False)
    status = serializers.ChoiceField(ProductStatus.choices, required=False)
    max_per_order = serializers.IntegerField(min_value=0, max_value=999, required=False)
    needs_address = serializers.BooleanField(required=False)
    image_ids = picture_ids()

    def validate_price(self, price):
        if not price:
            raise serializers.ValidationError(_("价格必须大于 0"))
        return price


class NewProductSerializer(ProductBodySerializer):
    """stock: how many there are; later it changes by /stock."""

    stock = serializers.IntegerField(
        source="pieces", min_value=0, max_value=1_000_000, required=False
    )


class StockBodySerializer(serializers.Serializer):
    """change: how many pieces came, or went when it is negative."""

    change = serializers.IntegerField(min_value=-1_000_000, max_value=1_000_000)
    note = serializers.CharField(max_length=200, allow_blank=True, default="")

    def validate_change(self, change):
        if not change:
            raise serializers.ValidationError(_("变动数量不能为 0"))
        return change


class StockMovementSerializer(ApiModelSerializer):
    order_id = IdField(source="order_item.order_id", read_only=True, allow_null=True, default=None)

    class Meta:
        model = StockMovement
        fields = ["id", "movement", "quantity", "order_id", "note", "created_at"]
