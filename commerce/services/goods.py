"""Products by the one way of selling; see commerce.payables."""

from commerce.errors import PriceChanged, ProductUnavailable, TooManyPieces
from commerce.models import Fulfilment, Product
from commerce.payables import Offer
from commerce.services import stock


class ProductPayable:
    """Sells pieces; Want.target_id is the product's id.

    quote() locks nothing: reserve() takes the pieces by one conditional UPDATE that also asks
    for the price and that it is on sale, so a product many want is locked for that long only.
    """

    label = "商品"

    def quote(self, user, want):
        product = Product.objects.on_sale().filter(pk=want.target_id).first()
        if product is None:
            raise ProductUnavailable(product_id=want.target_id)
        if 0 < product.max_per_order < want.quantity:
            raise TooManyPieces(product_id=product.pk, most=product.max_per_order)
        return Offer(
            title=product.name,
            unit_price=product.price,
            merchant_id=product.merchant_id,
            image_url=product.image_url,
            fulfilment=(Fulfilment.SHIPPING if product.needs_address else Fulfilment.VERIFICATION),
        )

    def reserve(self, item, want, offer):
        if stock.hold(item):
            return
        product = Product.objects.on_sale().filter(pk=item.target_id).first()
        if product is None:
            raise ProductUnavailable(product_id=item.target_id)
        raise PriceChanged(price=product.price)

    def fulfil(self, item):
        stock.sell(item)

    def release(self, items, *, expired):
        stock.release(items)

    def revoke(self, item):
        """What was not sent or fetched yet can be sold again."""
        order = item.order
        if order.handed_over_at is None and order.completed_at is None:
            stock.give_back(item)
