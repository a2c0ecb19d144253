"""Shipping information for WeChat as rows; services.wechat_shipping uploads them."""

from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from commerce.models import Order, PaymentMethod, ReportStatus, ShippingReport
from commerce.services.wake import REPORT, wake
from config.db import transact
from config.errors import IllegalTransition, NotFound

MOST_UPLOADS = 2  # WeChat takes one correction


def report_later(order: Order) -> None:
    """It was handed over: WeChat hears of it if it took the money; once however often called.

    Call it in the transaction that locks the order.
    """
    if order.paid_by_id is None or order.paid_by.method != PaymentMethod.WECHAT:
        return
    _, new = ShippingReport.objects.get_or_create(
        order=order, defaults={"next_try_at": timezone.now()}
    )
    if new:
        wake(REPORT)


def report_again(order: Order) -> None:
    """A parcel's number was wrong: WeChat takes one correction of what it has heard."""
    report = ShippingReport.objects.locked().filter(order=order).first()
    if report is None or report.status != ReportStatus.UPLOADED:
        return  # not told yet: it will be, with the right number
    if report.uploads < MOST_UPLOADS:
        _start_over(report, actor=None)
    else:
        report.error = "更正后的运单号无法再次上传：微信只接受一次更正"
        report.save(update_fields=["error", "updated_at"])


@transact
def retry_report(report_id: int, *, actor: User) -> None:
    """Upload what failed, or was thought needless, once more; by staff."""
    report = ShippingReport.objects.locked().filter(pk=report_id).first()
    if report is None:
        raise NotFound
    if report.status not in {ReportStatus.FAILED, ReportStatus.SKIPPED}:
        raise IllegalTransition(old=report.status, new=ReportStatus.PENDING)
    _start_over(report, actor=actor)


def _start_over(report: ShippingReport, *, actor: User | None) -> None:
    move(
        report, ReportStatus.PENDING, actor=actor, attempts=0, next_try_at=timezone.now(),
        errcode=None, error="",
    )  # fmt: skip
    wake(REPORT)
