"""What commerce keeps about a person; see accounts.services.holdings.

Orders and money stay, as the law on accounts and on e-commerce wants it; who bought is a
pseudonym then.
"""

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.holdings import Blocker, Holding
from commerce import models
from commerce.models import (
    HANDED_OVER,
    MerchantStatus,
    Order,
    OrderStatus,
    Payment,
    PaymentStatus,
    Refund,
)

HOLDINGS = (
    Holding(models.Address, hidden=("row_key",)),
    Holding(
        models.Merchant,
        clear={"contact_person": "", "contact_phone": "", "address": "", "description": "",
               "review_note": ""},
        keep=("merchant_type", "business_name", "business_license", "row_key"),
        hidden=("row_key",),
    ),
    Holding(models.MerchantInvitation),
    Holding(models.MerchantMember),
    Holding(
        models.Product, "merchant__user", clear={},
        keep=("name", "description", "image_url", "category", "review_note"),
    ),
    Holding(
        Order,
        clear={"receiver": "", "receiver_phone": "", "region": "", "address_detail": "",
               "remark": "", "merchant_note": ""},
        keep=("number", "kind", "method"),
    ),
    Holding(models.Shipment, "order__user", clear={}, keep=("tracking_number", "wrong_number")),
    Holding(
        models.MerchantReview, clear={"comment": ""}, keep=("reply", "moderation_note"),
    ),
    Holding(
        models.ShippingReport, "order__user", clear={}, keep=("error",),
    ),
    Holding(
        models.VerificationCode, "order__user", clear={"code": None}, keep=("row_key",),
        hidden=("row_key", "code_index"),
    ),
    Holding(models.OrderItem, "order__user", clear={}, keep=("kind", "title", "image_url")),
    Holding(
        Payment, "order__user", clear={"payer": ""},
        keep=("number", "prepay_id", "transaction_id", "billed_on"),
    ),
    Holding(
        Refund, "order__user", clear={"reason": ""},
        keep=("number", "key", "review_note", "provider_id", "error", "billed_on"),
    ),
    Holding(models.OfflineRecord, "payment__order__user", clear={"note": ""}, keep=("reference",)),
    Holding(
        models.PaymentAnomaly, "payment__order__user", clear={},
        keep=("dedupe_key", "detail", "remark"), hidden=("dedupe_key",),
    ),
)  # fmt: skip
IMPERSONAL = {
    models.Bill: "a provider's sums of a day",
    models.BillDifference: "numbers of payments; staff's words about them",
    models.LedgerEntry: "sums of orders; nobody is named",
    models.LedgerTransaction: "causes in the books: numbers of orders",
    models.MerchantApplication: "people without an account",
    models.OrderDay: "which days are counted",
    models.OrderFigure: "sums without names",
    models.PaymentNotice: "ids of providers' events",
    models.ProductImage: "which upload shows which product",
    models.ReviewPicture: "which upload is part of which review",
    models.StockMovement: "how many pieces came and went",
}


def lock(user: User) -> None:
    list(Order.objects.locked().filter(user=user).values_list("pk"))


def blockers(user: User) -> list[Blocker]:
    mine = Order.objects.filter(user=user)
    under_way = Q(status__in=(PaymentStatus.PENDING, PaymentStatus.CLOSING))
    undelivered = Q(status=PaymentStatus.SUCCEEDED, next_query_at__isnull=False)
    counts = {
        "unpaid_orders": (_("有待支付的订单"), mine.filter(status=OrderStatus.PENDING)),
        "open_orders": (
            _("有尚未完成的订单"),
            mine.filter(status__in=(OrderStatus.PAID, *HANDED_OVER, OrderStatus.REFUNDING)),
        ),
        "open_payments": (
            _("有尚未确认结果的支付"),
            Payment.objects.filter(under_way | undelivered, order__user=user),
        ),
        "open_refunds": (
            _("有处理中的退款"),
            Refund.objects.open().filter(order__user=user),
        ),
    }
    running = (MerchantStatus.APPROVED, MerchantStatus.SUSPENDED)
    counts["merchant"] = (
        _("有经营中的商户"), models.Merchant.objects.filter(user=user, status__in=running),
    )  # fmt: skip
    found = {code: (words, rows.order_by().count()) for code, (words, rows) in counts.items()}
    return [Blocker(code, words, count) for code, (words, count) in found.items() if count]


def erase(user: User) -> None:
    """Clearing the columns is all."""
