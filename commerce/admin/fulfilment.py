from django.contrib import admin
from unfold.decorators import display

from commerce.models import Shipment
from config.admin import BackOfficeAdmin, ReadOnly


@admin.register(Shipment)
class ShipmentAdmin(ReadOnly, BackOfficeAdmin):
    """Parcels, to find an order by what is printed on the box."""

    list_display = [
        "tracking_number", "carrier", "order", "merchant", "order_status", "shipped_at",
        "shipped_by", "wrong_number",
    ]  # fmt: skip
    list_filter = ["carrier", "order__status", "shipped_at"]
    list_select_related = ["order__merchant", "shipped_by"]
    search_fields = ["tracking_number__exact", "order__number__exact"]
    search_help_text = "运单号或订单编号（完整输入）"
    fields = [
        "order", "merchant", "carrier", "tracking_number", "wrong_number", "shipped_at",
        "shipped_by",
    ]  # fmt: skip
    readonly_fields = ["merchant"]

    @display(description="商户")
    def merchant(self, shipment):
        return shipment.order.merchant or "—"

    @display(description="订单状态")
    def order_status(self, shipment):
        return shipment.order.get_status_display()
