"""Everything that happened to an appointment, on its page: money, moves, disputes and notices."""

from accounts.models import Notification, OperationLog
from accounts.services.people import Section
from commerce.admin.story import NOTICE_COLUMNS, state
from commerce.models import Order, Payment, Refund
from commerce.services.order_notices import subject_of
from config.admin import yuan
from counseling.models import Dispute, Reschedule

_SEE = "counseling.view_appointment"


def _notices_sent(appointment_id: int):
    """Reminders among them; about its order, to whom they went."""
    orders = Order.objects.filter(items__appointment=appointment_id).values_list("pk", flat=True)
    subjects = [subject_of(pk) for pk in orders]
    disputes = Dispute.objects.filter(appointment=appointment_id).values_list("pk", flat=True)
    subjects += [f"dispute:{pk}" for pk in disputes]
    rows = Notification.objects.filter(subject__in=subjects)
    return rows.select_related("user").order_by("-pk")


SECTIONS = [
    Section(
        "payments", "支付", "commerce.view_payment",
        lambda pk: Payment.objects.filter(order__items__appointment=pk).order_by("-pk"),
        {
            "商户单号": lambda row: row.number,
            "方式": lambda row: row.get_method_display(),
            "金额": lambda row: yuan(row.amount),
            "状态": state,
            "支付时间": lambda row: row.paid_at or "-",
        },
        page="commerce.payment", lookup="",
    ),
    Section(
        "refunds", "退款", "commerce.view_refund",
        lambda pk: Refund.objects.filter(order__items__appointment=pk).order_by("-pk"),
        {
            "退款单号": lambda row: row.number,
            "金额": lambda row: yuan(row.amount),
            "原因": lambda row: row.get_reason_code_display(),
            "状态": state,
            "到账时间": lambda row: row.succeeded_at or "-",
        },
        page="commerce.refund", lookup="",
    ),
    Section(
        "reschedules", "改期记录", _SEE,
        lambda pk: Reschedule.objects.filter(appointment=pk).select_related("actor")
        .order_by("-pk"),
        {
            "原时间": lambda row: row.start_at,
            "新时间": lambda row: row.new_start_at,
            "改期方": lambda row: row.get_side_display(),
            "操作人": lambda row: row.actor or "-",
            "原因": lambda row: row.reason,
            "时间": lambda row: row.created_at,
        },
    ),
    Section(
        "disputes", "争议", "counseling.view_dispute",
        lambda pk: Dispute.objects.filter(appointment=pk).order_by("-pk"),
        {
            "争议编号": lambda row: row.number,
            "原因": lambda row: row.get_reason_display(),
            "状态": state,
            "裁定期限": lambda row: row.decide_by,
            "裁定说明": lambda row: row.decision_note,
        },
        page="counseling.dispute", lookup="",
    ),
    Section(
        "told", "发出的通知与提醒", _SEE, _notices_sent,
        NOTICE_COLUMNS,
    ),
    Section(
        "operations", "操作日志", "accounts.view_operationlog",
        lambda pk: OperationLog.objects.filter(target_type="appointment", target_id=str(pk))
        .order_by("-pk"),
        {
            "操作": lambda row: row.operation,
            "操作人": lambda row: row.admin_name,
            "结果": state,
            "时间": lambda row: row.created_at,
        },
        page="accounts.operationlog", lookup="",
    ),
]  # fmt: skip
