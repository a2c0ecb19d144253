"""Stock: by conditional UPDATE, never from what was read before, each change with its row.

Products are touched in primary-key order: orders bring their items sorted (invariants K-2).  The
product first, then the row that says why: that one shares a lock on the product, and two that
share it could not both go on.
"""

from collections import Counter
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.lookups import Exact

from accounts.models import User
from commerce.errors import OutOfStock
from commerce.models import Movement, OrderItem, Product, ProductStatus, StockMovement
from config.db import transact
from config.errors import NotFound
from config.rows import insert, insert_all, new


def hold(item: OrderItem) -> bool:
    """Take the item's pieces out of what can be bought, at the item's price while it is on sale.

    False when it is not, or not at that price; OutOfStock when too few are left.
    """
    n, product = item.quantity, Product.objects.filter(pk=item.target_id)
    offered = Q(price=item.unit_price, status=ProductStatus.ON_SALE, archived_at=None)
    there = product.filter(_of_the_row(offered & Q(stock__gte=n)))
    if _move(there, _row(item, Movement.RESERVE), stock=-n, held=n):
        return True
    if product.filter(offered, stock__lt=n).exists():  # not a price that moved and is back by now
        raise OutOfStock(product_id=item.target_id)
    return False


def _of_the_row(condition: Q) -> Exact:
    """A condition that no index answers, so that the row is found, and locked, by its key.

    MariaDB would go through the index of prices: who edits a price has the row in hand and wants
    its place there, and the two could not go on.
    """
    return Exact(Case(When(condition, then=Value(1)), default=Value(0)), 1)


def sell(item: OrderItem) -> None:
    """The order was paid."""
    _once([item], Movement.SELL, held=-1, sold=1)


def release(items: Sequence[OrderItem]) -> None:
    """Their orders ended unpaid; a second call does nothing (invariants K-4)."""
    _once(items, Movement.RELEASE, held=-1, stock=1)


def give_back(item: OrderItem) -> None:
    """The money went back before anything was sent; a second call does nothing."""
    _once([item], Movement.RETURN, sold=-1, stock=1)


@transact
def adjust(product_id: int, *, change: int, actor: User | None, note: str = "") -> Product:
    """Put `change` pieces in, or take them out: by how many, whatever was read before.

    OutOfStock when fewer can be bought than are to go.
    """
    rows = Product.objects.filter(pk=product_id)
    row = new(StockMovement,
        product_id=product_id, movement=Movement.ADJUST, quantity=change, actor=actor,
        note=note[:200],
    )  # fmt: skip
    if not _move(rows.filter(stock__gte=-change), row, stock=change, total=change):
        if not rows.exists():
            raise NotFound
        raise OutOfStock(product_id=product_id)
    return rows.get()


def _row(item: OrderItem, movement: Movement) -> StockMovement:
    return new(
        StockMovement,
        product_id=item.target_id,
        order_item_id=item.pk,
        movement=movement,
        quantity=item.quantity,
    )


def _once(items: Sequence[OrderItem], movement: Movement, **signs: int) -> None:
    """Add the items' quantities to these columns of their products, times 1 or -1; without those
    that moved so before."""
    try:
        _move_all(items, movement, signs)
    except OutOfStock:
        rows = StockMovement.objects.filter(order_item__in=items, movement=movement)
        moved = set(rows.values_list("order_item_id", flat=True))
        if not moved:
            raise
        rest = [item for item in items if item.pk not in moved]
        if rest:
            _move_all(rest, movement, signs)


def _move_all(items: Sequence[OrderItem], movement: Movement, signs: dict[str, int]) -> None:
    """Products that move by as many pieces share a statement; all are locked first, in order."""
    pieces: Counter[int] = Counter()
    for item in items:
        pieces[item.target_id] += item.quantity
    alike: dict[int, list[int]] = {}
    for product_id, number in pieces.items():
        alike.setdefault(number, []).append(product_id)
    try:
        with transaction.atomic():
            if len(pieces) > 1:
                list(Product.objects.locked().filter(pk__in=pieces).values_list("pk"))
            for number, products in alike.items():
                Product.objects.filter(pk__in=products).update(
                    **{name: F(name) + sign * number for name, sign in signs.items()}
                )
            insert_all([_row(item, movement) for item in items])
    except IntegrityError as error:
        raise OutOfStock(product_id=items[0].target_id) from error


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
