"""Everything that happened to an order, on its page: what else than its own rows tells of it."""

from django.db.models import Q

from accounts.admin.people import shown
from accounts.models import Notification, OperationLog, StatusChange
from accounts.services.people import Section
from accounts.services.templates import title_of
from commerce.models import (
    OfflineRecord,
    Order,
    Payment,
    PaymentAnomaly,
    PaymentNotice,
    Refund,
    Shipment,
    ShippingReport,
)
from commerce.services.order_notices import subject_of
from config.admin import badge, model_name

_ORDER = "commerce.view_order"
# More than an honest order has; what was repeated endlessly is cut.
MOST = 50
# Whose moves stand beside the order's own.
_STATUSES = {model._meta.label_lower: model for model in (Payment, Refund, ShippingReport)}


def state(row) -> str:
    return badge(row.status, row.get_status_display())


NOTICE_COLUMNS = {
    "标题": lambda row: row.title or title_of(row.template),
    "收件人": lambda row: row.user.display_name,
    "渠道": lambda row: row.get_channel_display(),
    "状态": state,
    "时间": lambda row: row.sent_at or row.created_at,
}


def _move(row: StatusChange) -> str:
    words = dict(_STATUSES[row.model]._meta.get_field("status").flatchoices)
    return f"{words.get(row.old, row.old)} → {words.get(row.new, row.new)}"


def _ids(model, order_id: int) -> list[int]:
    return list(model.objects.filter(order=order_id).order_by().values_list("pk", flat=True))


def _notices_received(order_id: int):
    """By the numbers providers know payments and refunds by."""
    numbers = [
        number
        for model in (Payment, Refund)
        for number in model.objects.filter(order=order_id).values_list("number", flat=True)
    ]
    return PaymentNotice.objects.filter(number__in=numbers).order_by("-pk")


def _notices_sent(order_id: int):
    """To the buyer and to the seller; what else they are told is not this order's."""
    people = Order.objects.filter(pk=order_id).values_list("user", "merchant__user")
    about = Q(subject=subject_of(order_id)) | Q(dedupe_key__startswith=f"order:{order_id}:")
    rows = Notification.objects.filter(about, user__in=[pk for row in people for pk in row if pk])
    return rows.select_related("user").order_by("-pk")


def _moves(order_id: int):
    """Of its payments, refunds and reports; its own stand by themselves."""
    about = Q()
    for label, model in _STATUSES.items():
        about |= Q(model=label, object_pk__in=_ids(model, order_id))
    return StatusChange.objects.filter(about).select_related("actor").order_by("-pk")


def _operations(order_id: int):
    """What staff did to it alone; one of many at once stands in the log under all of them."""
    about = Q(target_type="order", target_id=str(order_id))
    for target, model in (("payment", Payment), ("refund", Refund)):
        about |= Q(target_type=target, target_id__in=map(str, _ids(model, order_id)))
    return OperationLog.objects.filter(about).order_by("-pk")


SECTIONS = [
    Section(
        "notices", "收到的支付通知", "commerce.view_paymentnotice", _notices_received,
        {
            "事件 ID": lambda row: row.event_id,
            "渠道": lambda row: row.get_method_display(),
            "单号": lambda row: row.number,
            "次数": lambda row: row.deliveries,
            "首次收到": lambda row: row.received_at,
            "处理时间": lambda row: row.processed_at or "未处理",
        },
        page="commerce.paymentnotice", lookup="",
    ),
    Section(
        "anomalies", "资金异常", "commerce.view_paymentanomaly",
        lambda pk: PaymentAnomaly.objects.filter(payment__order=pk).select_related("handled_by"),
        {
            "类型": lambda row: row.get_kind_display(),
            "次数": lambda row: row.count,
            "首次发生": lambda row: row.created_at,
            "处理人": lambda row: row.handled_by or "未处理",
            "处理说明": lambda row: row.remark,
        },
        page="commerce.paymentanomaly", lookup="",
    ),
    Section(
        "offline", "线下收退款", "commerce.view_offlinerecord",
        lambda pk: OfflineRecord.objects.filter(payment__order=pk).select_related(
            "recorded_by", "decided_by"
        ),
        {
            "凭证号": lambda row: row.reference,
            "收/退": lambda row: "收款" if row.refund_id is None else "退款",
            "方式": lambda row: row.get_way_display(),
            "状态": state,
            "登记人": lambda row: row.recorded_by,
            "复核人": lambda row: row.decided_by or "-",
            "登记时间": lambda row: row.created_at,
        },
        page="commerce.offlinerecord", lookup="",
    ),
    Section(
        "shipments", "发货", "commerce.view_shipment",
        lambda pk: Shipment.objects.filter(order=pk).select_related("shipped_by"),
        {
            "运单号": lambda row: row.tracking_number,
            "快递公司": lambda row: row.get_carrier_display(),
            "发货时间": lambda row: row.shipped_at,
            "发货人": lambda row: row.shipped_by,
        },
        page="commerce.shipment", lookup="",
    ),
    Section(
        "reports", "微信发货信息", "commerce.view_shippingreport",
        lambda pk: ShippingReport.objects.filter(order=pk),
        {
            "状态": state,
            "尝试次数": lambda row: row.attempts,
            "上传时间": lambda row: row.uploaded_at or "-",
            "错误": lambda row: row.error,
        },
        page="commerce.shippingreport", lookup="",
    ),
    Section(
        "told", "发出的通知", _ORDER, _notices_sent,
        NOTICE_COLUMNS,
    ),
    Section(
        "moves", "支付、退款与发货信息的状态变更", _ORDER, _moves,
        {
            "对象": lambda row: f"{model_name(row.model)} #{row.object_pk}",
            "变更": _move,
            "操作人": lambda row: row.actor or "系统",
            "原因": lambda row: row.reason,
            "时间": lambda row: row.created_at,
        },
    ),
    Section(
        "operations", "操作日志", "accounts.view_operationlog", _operations,
        {
            "操作": lambda row: row.operation,
            "操作人": lambda row: row.admin_name,
            "结果": state,
            "时间": lambda row: row.created_at,
        },
        page="accounts.operationlog", lookup="",
    ),
]  # fmt: skip


class WithStory:
    """Put before an admin class: the sections of `story` (an order's) below the form."""

    story = SECTIONS

    def story_of(self, obj):
        """Whose story it is: of what the sections' `rows` are asked for."""
        return obj

    change_form_after_template = "admin/sections.html"

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            mine = [part for part in self.story if request.user.has_perm(part.permission)]
            about = self.story_of(obj)
            context["sections"] = list(shown(about, request.user, mine, latest=MOST))
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)
