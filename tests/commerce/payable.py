"""Something to sell in tests: a disease tag that one buyer at a time may have.

Its description spells what happened to it: R reserved, F fulfilled, L released (X expired),
V revoked.  sort_order is its price in fen.
"""

from decimal import Decimal

from django.db.models import Value
from django.db.models.functions import Concat

from commerce.models import Fulfilment
from commerce.payables import Offer
from config.errors import DomainError
from content.models import DiseaseTag

KIND = "tag"
PATH = "tests.commerce.payable.TagPayable"


class TagTaken(DomainError):
    code, status, message = 99001, 409, "标签已被占用"


class TagRefuses(DomainError):
    code, status, message = 99002, 409, "标签无法交付"


class TagPayable:
    label = "标签"
    refuse: set[str] = set()  # steps that refuse
    crash: set[str] = set()  # steps that fail with a bug
    hold_seconds: int | None = None
    fulfilment = Fulfilment.NONE
    merchants: dict[int, int] = {}  # whose a tag is

    def quote(self, user, want):
        free = DiseaseTag.objects.filter(pk=want.target_id, is_active=True)
        if not free.update(is_active=False):
            raise TagTaken(target_id=want.target_id)
        name, price = DiseaseTag.objects.values_list("name", "sort_order").get(pk=want.target_id)
        return Offer(
            title=name,
            unit_price=Decimal(price).scaleb(-2),
            details=want.options.get("colour"),
            hold_seconds=self.hold_seconds,
            fulfilment=self.fulfilment,
            merchant_id=self.merchants.get(want.target_id),
            image_url=f"https://cdn.example.com/{want.target_id}.webp"
            if self.fulfilment == Fulfilment.SHIPPING
            else "",
        )

    def reserve(self, item, want, offer):
        self._step("R", item)

    def fulfil(self, item):
        self._step("F", item)

    def release(self, items, *, expired):
        for item in items:
            self._step("X" if expired else "L", item, is_active=True)

    def revoke(self, item):
        self._step("V", item, is_active=True)

    def _step(self, letter, item, **changes):
        DiseaseTag.objects.filter(pk=item.target_id).update(
            description=Concat("description", Value(letter)), **changes
        )
        if letter in self.crash:
            raise RuntimeError(letter)
        if letter in self.refuse:
            raise TagRefuses
