"""What merchants offer: writing it, having it reviewed, taking it off.  Stock is services.stock."""

from collections.abc import Sequence

from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.notifications import notify
from commerce.errors import MerchantNotApproved
from commerce.models import (
    SERVING,
    Merchant,
    OrderItem,
    Product,
    ProductStatus,
)
from commerce.services import stock
from commerce.services.decisions import decide
from commerce.services.pictures import set_pictures
from config.changes import set_fields
from config.db import transact
from config.errors import NotFound
from media.models import Purpose, Variant
from media.services.links import public_url

KIND = "product"
# What a merchant wishes for, and what becomes of it: {from: {wish: to}}; the rest stays.
_OFF = dict.fromkeys((ProductStatus.DRAFT, ProductStatus.OFF_SALE))
WISHES = {
    ProductStatus.DRAFT: {ProductStatus.ON_SALE: ProductStatus.REVIEWING},
    ProductStatus.REJECTED: {ProductStatus.ON_SALE: ProductStatus.REVIEWING},
    ProductStatus.REVIEWING: dict.fromkeys(_OFF, ProductStatus.DRAFT),
    ProductStatus.ON_SALE: dict.fromkeys(_OFF, ProductStatus.OFF_SALE),
    ProductStatus.OFF_SALE: {ProductStatus.ON_SALE: ProductStatus.ON_SALE},
}


def employer(user: User, *roles: str) -> Merchant:
    """The approved merchant `user` owns or works for as one of `roles`; MerchantNotApproved."""
    merchant = Merchant.objects.of(user, *roles).approved().first()
    if merchant is None:
        raise MerchantNotApproved
    return merchant


@transact
def create_product(
    *,
    user: User,
    status: str = ProductStatus.ON_SALE,
    pieces: int = 0,
    image_ids: Sequence[int] | None = None,
    **fields,
) -> Product:
    """Offer something in the name of one's merchant; it is on sale once staff have looked at it.

    status: as change_product().  pieces: how many there are.  image_ids: uploads, the first is
    the cover.  Raises MerchantNotApproved, ImageUnknown.
    """
    product = Product.objects.create(merchant=employer(user, *SERVING), **fields)
    _wish(product, status, user)
    _set_images(product, user, image_ids)
    if pieces:
        product = stock.adjust(product.pk, change=pieces, actor=user, note="首次入库")
    return product


@transact
def change_product(
    product_id: int,
    *,
    user: User,
    status: str | None = None,
    image_ids: Sequence[int] | None = None,
    **fields,
) -> Product:
    """Change what one's merchant offers; what is not given stays, orders keep what they copied.

    status: the wish to sell it, or not to.  Something new, or rejected, is reviewed first.
    """
    product = _own(product_id, user)
    set_fields(product, fields)
    product.save(update_fields=[*fields, "updated_at"])
    _set_images(product, user, image_ids)
    if status is not None:
        _wish(product, status, user)
    return product


@transact
def delete_product(product_id: int, *, user: User) -> None:
    """Take it away: for good when nobody ever ordered it, else out of sight."""
    product = _own(product_id, user)
    if OrderItem.objects.filter(kind=KIND, target_id=product_id).exists():
        product.archived_at = timezone.now()
        product.save(update_fields=["archived_at", "updated_at"])
    else:
        product.delete()


@transact
def adjust_stock(product_id: int, *, user: User, change: int, note: str = "") -> Product:
    """A merchant puts pieces in or takes them out; raises as stock.adjust()."""
    product = _own(product_id, user)
    return stock.adjust(product.pk, change=change, actor=user, note=note)


@transact
def approve_product(product_id: int, *, actor: User) -> Product:
    """Let it be sold."""
    return _decide(product_id, ProductStatus.ON_SALE, actor, None)


@transact
def reject_product(product_id: int, *, actor: User, reason: str = "") -> Product:
    """Send it back to its merchant with a reason, also from the shelf; ReasonNeeded without."""
    return _decide(product_id, ProductStatus.REJECTED, actor, reason)


def _decide(product_id: int, status: ProductStatus, actor: User, reason: str | None) -> Product:
    product = Product.objects.locked().filter(pk=product_id, archived_at=None).first()
    if product is None:
        raise NotFound
    if status == ProductStatus.ON_SALE and product.status == ProductStatus.OFF_SALE:
        Product.TRANSITIONS.check(product.status, ProductStatus.REVIEWING)  # its merchant's to say
    own = Merchant.objects.of(actor).filter(pk=product.merchant_id).exists()
    decide(product, status, actor=actor, own=own, reason=reason)
    notify(
        product.merchant.user,
        "product_approved" if status == ProductStatus.ON_SALE else "product_rejected",
        name=product.name, reason=product.review_note,
    )  # fmt: skip
    return product


def _own(product_id: int, user: User) -> Product:
    """One of the merchant's own, locked; NotFound for anybody else's, MerchantNotApproved."""
    mine = Merchant.objects.of(user, *SERVING)
    product = Product.objects.locked().filter(
        pk=product_id, merchant__in=mine.values("pk"), archived_at=None
    ).first()  # fmt: skip
    if product is None:
        raise NotFound
    employer(user, *SERVING)
    return product


def _wish(product: Product, status: str, user: User) -> None:
    to = WISHES[product.status].get(status)
    if to == ProductStatus.REVIEWING:
        move(product, to, actor=user, submitted_at=timezone.now(), review_note="")
    elif to is not None:
        move(product, to, actor=user)


def _set_images(product: Product, user: User, ids: Sequence[int] | None) -> None:
    if ids is None:
        return
    files = set_pictures(product.images, ids, user=user, purpose=Purpose.PRODUCT)
    if files:
        product.image_url = public_url(files[0], Variant.MAIN)
        product.save(update_fields=["image_url", "updated_at"])
