"""The counselor's farm."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import AgreementKind
from accounts.services.consents import give_consent, publish_agreement
from commerce.models import Order, OrderItem
from farm.models import Animal, AnimalClaim
from farm.services.availability import settle


class Farm:
    def _animals(self):
        """The counselor's farm has three: free, claimed by the owner, and free of any claim."""
        agreement = publish_agreement(kind=AgreementKind.CLAIM, title="认领协议", body="正文")
        for name in ("owner", "stranger", "super_admin"):
            give_consent(
                self.users[name], kind=AgreementKind.CLAIM, version=agreement.version,
                ip_address="127.0.0.1",
            )  # fmt: skip
        words = {"merchant": self.shop, "species": "羊驼", "price": 0}
        self.animal, self.claimed_animal, self.draft_animal = (
            Animal.objects.create(name=name, listing=listing, **words)
            for name, listing in (
                ("小黑", "published"), ("咩咩", "published"), ("团团", "draft"),
            )
        )  # fmt: skip
        order = Order.objects.create(
            number="ORDMATRIXCLAIM00000001", user=self.owner, total_amount=0, status="paid",
            expires_at=timezone.now(), paid_at=timezone.now(),
        )  # fmt: skip
        item = OrderItem.objects.create(
            order=order, kind="animal_claim", target_id=self.claimed_animal.pk, title="认领",
            unit_price=0,
        )  # fmt: skip
        self.claim = AnimalClaim.objects.create(
            number="CLMMATRIX000000000001", user=self.owner, animal=self.claimed_animal,
            merchant=self.shop, order_item=item, agreement=agreement, agreed_at=timezone.now(),
            animal_name="咩咩", price_paid=0, months=12, status="active",
            claimed_at=timezone.now(), ends_at=timezone.now() + timedelta(days=365),
            end_asked_at=timezone.now(),
        )  # fmt: skip
        settle(self.claimed_animal)
