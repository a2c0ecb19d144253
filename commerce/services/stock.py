"""Stock: by conditional UPDATE, never from what was read before, each change with its row.

Products are touched in primary-key order: orders bring their items sorted (invariants K-2).  The
product first, then the row that says why: that one shares a lock on the product, and two that
share it could not both go on.
"""

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from commerce.errors import OutOfStock
from commerce.models import Movement, OrderItem, Product, ProductStatus, StockMovement
from config.db import transact
from config.errors import NotFound
from config.prepared import insert


def hold(item: OrderItem) -> bool:
    """Take the item's pieces out of what can be bought, at the item's price while it is on sale.

    False when it is not, or not at that price; OutOfStock when too few are left.
    """
    n = item.quantity
    offered = Product.objects.filter(
        pk=item.target_id, price=item.unit_price, status=ProductStatus.ON_SALE, archived_at=None
    )
    if _move(offered.filter(stock__gte=n), _row(item, Movement.RESERVE), stock=-n, held=n):
        return True
    if offered.exists():
        raise OutOfStock(product_id=item.target_id)
    return False


def sell(item: OrderItem) -> None:
    """The order was paid."""
    _once(item, Movement.SELL, held=-item.quantity, sold=item.quantity)


def release(item: OrderItem) -> None:
    """The order ended unpaid; a second call does nothing (invariants K-4)."""
    _once(item, Movement.RELEASE, held=-item.quantity, stock=item.quantity)


def give_back(item: OrderItem) -> None:
    """The money went back before anything was sent; a second call does nothing."""
    _once(item, Movement.RETURN, sold=-item.quantity, stock=item.quantity)


@transact
def adjust(product_id: int, *, change: int, actor: User | None, note: str = "") -> Product:
    """Put `change` pieces in, or take them out: by how many, whatever was read before.

    OutOfStock when fewer can be bought than are to go.
    """
    rows = Product.objects.filter(pk=product_id)
    row = StockMovement(
        product_id=product_id, movement=Movement.ADJUST, quantity=change, actor=actor,
        note=note[:200],
    )  # fmt: skip
    if not _move(rows.filter(stock__gte=-change), row, stock=change, total=change):
        if not rows.exists():
            raise NotFound
        raise OutOfStock(product_id=product_id)
    return rows.get()


def _row(item: OrderItem, movement: Movement) -> StockMovement:
    return StockMovement(
        product_id=item.target_id, order_item=item, movement=movement, quantity=item.quantity
    )


def _once(item: OrderItem, movement: Movement, **by: int) -> None:
    try:
        _move(Product.objects.filter(pk=item.target_id), _row(item, movement), **by)
    except OutOfStock:
        if not StockMovement.objects.filter(order_item=item, movement=movement).exists():
            raise


def _move(rows, row: StockMovement, **by: int) -> bool:
    """Add to the columns of the one row, and write down why; False when it is not there.

    What the conditions let through and the database cannot bear, by its CHECK or because the
    item moved so before, is OutOfStock (invariants K-1).
    """
    try:
        with transaction.atomic():
            if not rows.update(**{name: F(name) + number for name, number in by.items()}):
                return False
            insert(row)
    except IntegrityError as error:
        raise OutOfStock(product_id=row.product_id) from error
    return True
