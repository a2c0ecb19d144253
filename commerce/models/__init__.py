from commerce.models.addresses import Address
from commerce.models.bills import Bill, BillDifference, BillStatus, DifferenceKind, DifferenceStatus
from commerce.models.fulfilment import Carrier, Shipment, VerificationCode
from commerce.models.ledger import LedgerAccount, LedgerCause, LedgerEntry, LedgerTransaction
from commerce.models.merchants import (
    ApplicationStatus,
    Merchant,
    MerchantApplication,
    MerchantStatus,
    MerchantType,
)
from commerce.models.orders import (
    FINISHED,
    HANDED_OVER,
    Fulfilment,
    Order,
    OrderItem,
    OrderStatus,
)
from commerce.models.payments import (
    AnomalyKind,
    Payment,
    PaymentAnomaly,
    PaymentMethod,
    PaymentNotice,
    PaymentStatus,
)
from commerce.models.refunds import Refund, RefundReason, RefundStatus
from commerce.models.reports import ReportStatus, ShippingReport

__all__ = [
    "FINISHED",
    "HANDED_OVER",
    "Address",
    "AnomalyKind",
    "ApplicationStatus",
    "Bill",
    "BillDifference",
    "BillStatus",
    "Carrier",
    "DifferenceKind",
    "DifferenceStatus",
    "Fulfilment",
    "LedgerAccount",
    "LedgerCause",
    "LedgerEntry",
    "LedgerTransaction",
    "Merchant",
    "MerchantApplication",
    "MerchantStatus",
    "MerchantType",
    "Order",
    "OrderItem",
    "OrderStatus",
    "Payment",
    "PaymentAnomaly",
    "PaymentMethod",
    "PaymentNotice",
    "PaymentStatus",
    "Refund",
    "RefundReason",
    "RefundStatus",
    "ReportStatus",
    "Shipment",
    "ShippingReport",
    "VerificationCode",
]
