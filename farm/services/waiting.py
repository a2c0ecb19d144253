from decimal import Decimal

from django.db.models import QuerySet

from commerce.errors import PriceChanged


def waiting_at(price: Decimal, among: QuerySet):
    """What was ordered already and waits for its money, if anything; PriceChanged when it costs
    another price than the person was shown."""
    waiting = among.first()
    if waiting is not None and waiting.price_paid != price:
        raise PriceChanged(price=waiting.price_paid)
    return waiting
