from django.urls import path

from commerce.views import callbacks
from commerce.views.addresses import AddressViewSet
from commerce.views.ledger import MerchantLedgerViewSet
from commerce.views.members import InvitationViewSet, MemberViewSet
from commerce.views.merchants import MerchantViewSet, WebsiteApplicationViewSet
from commerce.views.orders import OrderViewSet
from commerce.views.payments import PaymentViewSet
from commerce.views.products import MerchantProductViewSet, ProductViewSet
from commerce.views.refunds import RefundViewSet
from commerce.views.reviews import ReviewViewSet
from commerce.views.serving import ServedOrderViewSet
from commerce.views.stats import OrderStatsViewSet
from config.api.routers import ApiRouter

router = ApiRouter()
router.register("addresses", AddressViewSet, basename="address")
router.register("merchants/orders", ServedOrderViewSet, basename="served-order")
router.register("merchants/invitations", InvitationViewSet, basename="merchant-invitation")
router.register("merchants/members", MemberViewSet, basename="merchant-member")
router.register("merchants/products", MerchantProductViewSet, basename="merchant-product")
router.register("merchants/reviews", ReviewViewSet, basename="merchant-review")
router.register("merchants", MerchantViewSet, basename="merchant")
router.register("order", OrderViewSet, basename="order")
router.register("pay", PaymentViewSet, basename="pay")
router.register("products", ProductViewSet, basename="product")
router.register("refund", RefundViewSet, basename="refund")

urlpatterns = [
    path("pay/callback", callbacks.wechat, name="pay-callback"),
    path("pay/callback/wechat", callbacks.wechat, name="pay-callback-wechat"),
    path("pay/callback/alipay", callbacks.alipay, name="pay-callback-alipay"),
    path("pay/callback/unionpay", callbacks.unionpay, name="pay-callback-unionpay"),
    path("refund/callback/unionpay", callbacks.unionpay, name="refund-callback-unionpay"),
    path("pay/return", callbacks.come_back, name="pay-return"),
    path("refund/callback/wechat", callbacks.wechat, name="refund-callback-wechat"),
    path(
        "website/merchant/apply",
        WebsiteApplicationViewSet.as_view({"post": "apply"}),
        name="website-merchant-apply",
    ),
    path(
        "merchants/ledger",
        MerchantLedgerViewSet.as_view({"get": "list"}),
        name="merchant-ledger",
    ),
    path(
        "merchants/ledger/export",
        MerchantLedgerViewSet.as_view({"post": "export"}),
        name="merchant-ledger-export",
    ),
    path(
        "merchants/balance",
        MerchantLedgerViewSet.as_view({"get": "balance"}),
        name="merchant-balance",
    ),
    path("stat/order", OrderStatsViewSet.as_view({"get": "retrieve"}), name="stat-order"),
    path(
        "stat/order/export",
        OrderStatsViewSet.as_view({"post": "export"}),
        name="stat-order-export",
    ),
    *router.urls,
]
