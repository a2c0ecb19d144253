from commerce.models.addresses import Address
from commerce.models.bills import Bill, BillDifference, BillStatus, DifferenceKind, DifferenceStatus
from commerce.models.figures import EVERYBODY, PLATFORM, Flow, OrderDay, OrderFigure
from commerce.models.fulfilment import Carrier, Shipment, VerificationCode
from commerce.models.invitations import InvitationStatus, MerchantInvitation
from commerce.models.ledger import LedgerAccount, LedgerCause, LedgerEntry, LedgerTransaction
from commerce.models.members import SERVING, MemberRole, MerchantMember
from commerce.models.merchants import (
    ApplicationStatus,
    Merchant,
    MerchantApplication,
    MerchantStatus,
    MerchantType,
)
from commerce.models.offline import OfflineRecord, OfflineStatus, OfflineWay
from commerce.models.orders import (
    FINISHED,
    HANDED_OVER,
    MIXED,
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
from commerce.models.products import (
    Movement,
    Product,
    ProductImage,
    ProductStatus,
    StockMovement,
)
from commerce.models.refunds import Refund, RefundReason, RefundStatus
from commerce.models.reports import ReportStatus, ShippingReport
from commerce.models.reviews import (
    BaseReview,
    MerchantReview,
    ReviewPicture,
    ReviewQuerySet,
    ReviewStatus,
)

__all__ = [
    "EVERYBODY",
    "FINISHED",
    "HANDED_OVER",
    "MIXED",
    "PLATFORM",
    "SERVING",
    "Address",
    "AnomalyKind",
    "ApplicationStatus",
    "BaseReview",
    "Bill",
    "BillDifference",
    "BillStatus",
    "Carrier",
    "DifferenceKind",
    "DifferenceStatus",
    "Flow",
    "Fulfilment",
    "InvitationStatus",
    "LedgerAccount",
    "LedgerCause",
    "LedgerEntry",
    "LedgerTransaction",
    "MemberRole",
    "Merchant",
    "MerchantApplication",
    "MerchantInvitation",
    "MerchantMember",
    "MerchantReview",
    "MerchantStatus",
    "MerchantType",
    "Movement",
    "OfflineRecord",
    "OfflineStatus",
    "OfflineWay",
    "Order",
    "OrderDay",
    "OrderFigure",
    "OrderItem",
    "OrderStatus",
    "Payment",
    "PaymentAnomaly",
    "PaymentMethod",
    "PaymentNotice",
    "PaymentStatus",
    "Product",
    "ProductImage",
    "ProductStatus",
    "Refund",
    "RefundReason",
    "RefundStatus",
    "ReportStatus",
    "ReviewPicture",
    "ReviewQuerySet",
    "ReviewStatus",
    "Shipment",
    "ShippingReport",
    "StockMovement",
    "VerificationCode",
]
