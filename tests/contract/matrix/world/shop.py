"""Merchants, what they sell and what has become of it."""

from django.utils import timezone

from commerce.models import Merchant, MerchantReview, Order, Shipment
from commerce.services.codes import issue_code
from tests.factories.commerce import (
    InvitationFactory,
    MemberFactory,
    MerchantFactory,
    ProductFactory,
)


class Shop:
    def _merchants(self):
        words = {"contact_person": "周田田", "contact_phone": "13700001111"}
        for name, user, status in (
            ("merchant", self.owner, "pending"), ("shop", self.counselor, "approved"),
        ):  # fmt: skip
            made = MerchantFactory(
                user=user,
                status=status,
                business_name=f"{name}农场",
                business_license=name,
                **words,
            )
            setattr(self, name, made)
        self.goods = ProductFactory(merchant=self.shop)
        self.new_goods = ProductFactory(merchant=self.shop, status="reviewing")
        self.member = MemberFactory(merchant=self.shop)
        self.invitation = InvitationFactory(merchant=self.shop, user=self.owner)
        self.sent_invitation = InvitationFactory(merchant=self.shop)

    def _shop_orders(self):
        """One to send, one on its way, one that is over, one to fetch."""
        for name, status, fulfilment in (
            ("served", "paid", "shipping"), ("sent", "shipped", "shipping"),
            ("done", "completed", "shipping"), ("fetched", "paid", "verification"),
        ):  # fmt: skip
            order = Order.objects.create(
                number=f"ORD{name.upper():X<16}", user=self.owner, merchant=self.shop,
                total_amount=50, status=status, fulfilment=fulfilment, paid_at=timezone.now(),
                expires_at=timezone.now(),
            )  # fmt: skip
            setattr(self, f"{name}_order", order)
        self.shipment = Shipment.objects.create(
            order=self.sent_order, carrier="YTO", tracking_number="YT0000000001",
            shipped_at=timezone.now(),
        )  # fmt: skip
        said = {"merchant": self.shop, "user": self.owner, "rating": 4, "comment": "花很新鲜"}
        self.review = MerchantReview.objects.create(order=self.sent_order, **said)
        self.hidden_review = MerchantReview.objects.create(
            order=self.fetched_order, status="hidden", **said
        )
        Merchant.objects.filter(pk=self.shop.pk).update(rating_sum=4, rating_count=1)
        self.code = issue_code(self.fetched_order).code
