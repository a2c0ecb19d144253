"""Telling WeChat what was handed over, until it has heard; and hearing when it settles."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from accounts.audit import move
from accounts.wechat import WeChatError
from commerce.gateways import wechat_shipping as wechat
from commerce.models import Order, ReportStatus, ShippingReport
from commerce.services import order_notices
from commerce.services.payments import due_at
from config.caches import WECHAT
from config.db import transact

logger = logging.getLogger(__name__)

# Seconds to the next try; WeChat may hear of a payment some minutes after we do.
STEPS = (15, 60, 120, 300, 600, 1800, 3600)
MOST_ATTEMPTS = 20
MANAGED_SECONDS = 3600


def advance_report(report: ShippingReport) -> bool:
    """One try; False when somebody else just does it.  Network: never inside a transaction."""
    if not _claim(report):
        return False
    order = (
        Order.objects.select_related("paid_by")
        .prefetch_related("items", "shipments").get(pk=report.order_id)
    )  # fmt: skip
    try:
        _finish(report.pk, *_told(report, order))
    except WeChatError as error:
        _refused(report, order, error)
    return True


def _claim(report: ShippingReport) -> bool:
    row = ShippingReport.objects.filter(
        pk=report.pk, status=ReportStatus.PENDING, attempts=report.attempts
    )
    return bool(
        row.update(
            attempts=F("attempts") + 1,
            next_try_at=due_at(timezone.now(), report.attempts, STEPS),
        )
    )


def _told(report: ShippingReport, order: Order) -> tuple[ReportStatus, str]:
    """What became of it.  Not sent blindly again: a payment has but one correction."""
    if not _is_managed():
        return ReportStatus.SKIPPED, "账号未纳入交易保障，无需上传"
    if report.unsure:
        known = wechat.known_of(order)
        if known.state == wechat.REFUNDED:
            return ReportStatus.SKIPPED, "已退款"
        ours = {parcel.tracking_number for parcel in order.shipments.all()}
        if known.state != wechat.TO_SHIP and known.numbers == ours:
            return ReportStatus.UPLOADED, ""
    wechat.upload(order)
    return ReportStatus.UPLOADED, ""


def _is_managed() -> bool:
    """Asked once an hour, by whoever comes first."""
    key = f"trade-managed:{settings.WX_APPID}"
    known = WECHAT.get(key)
    if known is None:
        known = wechat.is_managed()
        WECHAT.set(key, known, MANAGED_SECONDS)
    return known


def _refused(report: ShippingReport, order: Order, error: WeChatError) -> None:
    """No, or no answer.  Unknown is never failure: then we ask before we send again."""
    again = not error.permanent or error.errcode == wechat.NOT_FOUND_YET
    if again and report.attempts + 1 < MOST_ATTEMPTS:
        changes = {"unsure": True} if error.errcode is None else {}
        ShippingReport.objects.filter(pk=report.pk).update(
            errcode=error.errcode, error=str(error)[:200], **changes
        )
        return
    status = ReportStatus.FAILED
    if error.errcode == wechat.ALREADY:
        status = ReportStatus.UPLOADED
    elif error.errcode in wechat.NOT_IN_THIS_STATE:
        status = _state_says(order)
    if status == ReportStatus.FAILED:
        logger.error("shipping information of %s refused: %s", order.number, error)
    _finish(report.pk, status, str(error), errcode=error.errcode)


def _state_says(order: Order) -> ReportStatus:
    """Refused in this state: is it because all is done, or because the money went back?"""
    try:
        state = wechat.known_of(order).state
    except WeChatError:
        return ReportStatus.FAILED
    if state == wechat.REFUNDED:
        return ReportStatus.SKIPPED
    return ReportStatus.FAILED if state == wechat.TO_SHIP else ReportStatus.UPLOADED


@transact
def _finish(report_id: int, status: ReportStatus, error: str, errcode: int | None = None) -> None:
    report = ShippingReport.objects.locked().get(pk=report_id)
    if report.status != ReportStatus.PENDING:
        return
    changes = {"errcode": errcode, "error": error[:200], "next_try_at": None, "unsure": False}
    if status == ReportStatus.UPLOADED:
        changes |= {"uploads": report.uploads + 1, "uploaded_at": timezone.now()}
    move(report, status, reason=error, **changes)


def on_settlement(event: Mapping[str, Any]) -> None:
    """trade_manage_order_settlement: WeChat settles, or has settled, one of our trades."""
    order, moment = _order_of(event), _moment(event.get("settlement_time"))
    if order is not None and moment is not None:
        ShippingReport.objects.filter(order=order).update(settled_at=moment)


def on_remind(event: Mapping[str, Any]) -> None:
    """trade_manage_remind_shipping: WeChat finds that something waits too long for its parcel."""
    order = _order_of(event)
    if order is not None:
        order_notices.remind_to_ship(order)


def _order_of(event: Mapping[str, Any]) -> Order | None:
    number = event.get("transaction_id")
    if event.get("merchant_id") != settings.WXPAY_MCHID or not isinstance(number, str):
        return None
    paid = Order.objects.filter(paid_by__method="wechat", paid_by__transaction_id=number)
    return paid.select_related("merchant__user").first()


def _moment(seconds: Any) -> datetime | None:
    """Seconds since 1970, as JSON or XML has them."""
    text = str(seconds)
    if not (text.isascii() and text.isdigit() and len(text) <= 11) or int(text) == 0:
        return None
    return datetime.fromtimestamp(int(text), UTC)
