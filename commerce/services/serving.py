"""Small things about orders for those who serve them."""

from commerce.services.orders import lock_order
from config.db import transact


@transact
def note_order(order_id: int, *, note: str) -> None:
    """Keep the seller's words to themselves with the order."""
    order = lock_order(order_id)
    order.merchant_note = note
    order.save(update_fields=["merchant_note", "updated_at"])
