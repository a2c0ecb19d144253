from django.db.models import Exists, OuterRef, Q
from django_filters import rest_framework as filters

from accounts.filters import IdsFilter
from commerce.models import (
    BillDifference,
    DifferenceKind,
    DifferenceStatus,
    InvitationStatus,
    LedgerAccount,
    LedgerCause,
    LedgerEntry,
    LedgerTransaction,
    Merchant,
    MerchantInvitation,
    MerchantType,
    Order,
    OrderItem,
    OrderStatus,
    Payment,
    PaymentMethod,
    PaymentStatus,
    Product,
    ProductStatus,
    Refund,
    RefundReason,
    RefundStatus,
)
from config.days import day_end, day_start


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


class MerchantOrderFilter(OrderFilter):
    """merchants: kept with the job of an export, never asked for."""

    merchants = filters.BaseCSVFilter("merchant", "in", label="商户 ID")


class MerchantLedgerFilter(LedgerFilter):
    """merchants: kept with the job of an export, never asked for."""

    merchants = filters.BaseCSVFilter("merchant", "in", label="商户 ID")


class RefundFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=RefundStatus.choices, label="退款状态")
    order_id = filters.NumberFilter(label="订单 ID")

    class Meta:
        model = Refund
        fields = []


class InvitationFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=InvitationStatus.choices, label="状态")

    class Meta:
        model = MerchantInvitation
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


class SpanFilter(filters.FilterSet):
    """What exports of lists have in common: the filters of the back office's pages.

    search: a whole number, as the list takes it (the subclass's `searched` columns).  Days are
    those of Shanghai, both ends included; a day column that a subclass lacks is no filter of its.
    """

    searched: tuple[str, ...]

    ids = IdsFilter()
    search = filters.CharFilter(method="by_search", label="编号", max_length=64)
    created_at_from = filters.DateFilter(method="by_day", label="创建日期从")
    created_at_to = filters.DateFilter(method="by_day", label="创建日期至")

    def by_search(self, queryset, name, value):
        found = Q()
        for column in self.searched:
            found |= Q(**{column: value})
        return queryset.filter(found)

    def by_day(self, queryset, name, value):
        column, _, end = name.rpartition("_")
        if end == "from":
            return queryset.filter(**{f"{column}__gte": day_start(value)})
        return queryset.filter(**{f"{column}__lt": day_end(value)})


class AmountFilter(SpanFilter):
    """Of rows that are worth something: the subclass's column `amount`."""

    amount: str

    amount_from = filters.NumberFilter(method="by_amount", label="金额从", min_value=0)
    amount_to = filters.NumberFilter(method="by_amount", label="金额至", min_value=0)

    def by_amount(self, queryset, name, value):
        end = "gte" if name.endswith("_from") else "lte"
        return queryset.filter(**{f"{self.amount}__{end}": value})


class OrderExportFilter(AmountFilter):
    searched, amount = ("number",), "total_amount"

    status = filters.ChoiceFilter(choices=OrderStatus.choices, label="状态")
    kind = filters.CharFilter(method="of_kind", label="类型", max_length=32)
    method = filters.ChoiceFilter(
        method="by_method", choices=PaymentMethod.choices, label="支付方式"
    )
    paid_at_from = filters.DateFilter(method="by_day", label="支付日期从")
    paid_at_to = filters.DateFilter(method="by_day", label="支付日期至")

    class Meta:
        model = Order
        fields = []

    of_kind = OrderFilter.of_kind

    def by_method(self, queryset, name, value):
        return queryset.filter(Exists(Payment.objects.filter(order=OuterRef("pk"), method=value)))


class PaymentExportFilter(AmountFilter):
    searched, amount = ("number", "transaction_id", "order__number"), "amount"

    status = filters.ChoiceFilter(choices=PaymentStatus.choices, label="状态")
    method = filters.ChoiceFilter(choices=PaymentMethod.choices, label="支付方式")
    paid_at_from = filters.DateFilter(method="by_day", label="支付日期从")
    paid_at_to = filters.DateFilter(method="by_day", label="支付日期至")

    class Meta:
        model = Payment
        fields = []


class RefundExportFilter(AmountFilter):
    searched, amount = ("number", "order__number", "payment__number"), "amount"

    status = filters.ChoiceFilter(choices=RefundStatus.choices, label="状态")
    reason_code = filters.ChoiceFilter(choices=RefundReason.choices, label="原因")
    method = filters.ChoiceFilter(
        "payment__method", choices=PaymentMethod.choices, label="支付方式"
    )
    succeeded_at_from = filters.DateFilter(method="by_day", label="到账日期从")
    succeeded_at_to = filters.DateFilter(method="by_day", label="到账日期至")

    class Meta:
        model = Refund
        fields = []


class LedgerExportFilter(SpanFilter):
    searched = ("order__number", "payment__number", "refund__number")

    cause = filters.ChoiceFilter(choices=LedgerCause.choices, label="事由")
    account = filters.ChoiceFilter(method="by_account", choices=LedgerAccount.choices, label="科目")

    class Meta:
        model = LedgerTransaction
        fields = []

    def by_account(self, queryset, name, value):
        entries = LedgerEntry.objects.filter(transaction=OuterRef("pk"), account=value)
        return queryset.filter(Exists(entries))


class DifferenceExportFilter(SpanFilter):
    searched = ("number", "transaction_id")

    status = filters.ChoiceFilter(choices=DifferenceStatus.choices, label="状态")
    kind = filters.ChoiceFilter(choices=DifferenceKind.choices, label="类型")
    method = filters.ChoiceFilter("bill__method", choices=PaymentMethod.choices, label="支付方式")

    class Meta:
        model = BillDifference
        fields = []
