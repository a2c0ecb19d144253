from django.db.models import Exists, OuterRef, Q
from django_filters import rest_framework as filters

from commerce.models import (
    LedgerAccount,
    LedgerCause,
    LedgerEntry,
    Merchant,
    MerchantType,
    Order,
    OrderItem,
    OrderStatus,
    Product,
    ProductStatus,
    Refund,
    RefundStatus,
)


class OrderFilter(filters.FilterSet):
    order_number = filters.CharFilter("number", label="订单编号")
    status = filters.ChoiceFilter(choices=OrderStatus.choices, label="订单状态")
    kind = filters.CharFilter(method="of_kind", label="商品类型")
    created_after = filters.IsoDateTimeFilter("created_at", "gte", label="下单时间不早于")
    created_before = filters.IsoDateTimeFilter("created_at", "lt", label="下单时间早于")

    class Meta:
        model = Order
        fields = []

    def of_kind(self, queryset, name, value):
        """Not by a join, which would list an order once per item."""
        items = OrderItem.objects.filter(order=OuterRef("pk"), kind=value)
        return queryset.filter(Exists(items))


class LedgerFilter(filters.FilterSet):
    account = filters.ChoiceFilter(choices=LedgerAccount.choices, label="科目")
    cause = filters.ChoiceFilter("transaction__cause", choices=LedgerCause.choices, label="事由")

    class Meta:
        model = LedgerEntry
        fields = []


class RefundFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=RefundStatus.choices, label="退款状态")
    order_id = filters.NumberFilter(label="订单 ID")

    class Meta:
        model = Refund
        fields = []


class MerchantFilter(filters.FilterSet):
    merchant_type = filters.ChoiceFilter(choices=MerchantType.choices, label="商户类型")
    search = filters.CharFilter("business_name", "icontains", label="商户名称")

    class Meta:
        model = Merchant
        fields = []


class ProductFilter(filters.FilterSet):
    search = filters.CharFilter(method="worded", help_text="名称或介绍包含")
    category = filters.CharFilter(help_text="分类")
    price_min = filters.NumberFilter("price", "gte", min_value=0, max_value=10**8)
    price_max = filters.NumberFilter("price", "lte", min_value=0, max_value=10**8)
    merchant_id = filters.NumberFilter(min_value=1, max_value=10**18, help_text="商户 ID")

    class Meta:
        model = Product
        fields = []

    def worded(self, queryset, name, value):
        return queryset.filter(Q(name__icontains=value) | Q(description__icontains=value))


class OwnProductFilter(ProductFilter):
    status = filters.ChoiceFilter(choices=ProductStatus.choices, label="商品状态")

    class Meta:
        model = Product
        fields = []
