from collections.abc import Iterable, Iterator

from django.db import IntegrityError, transaction

from config.changes import note_deleted, set_fields
from config.db import transact
from config.errors import NotFound
from content.errors import (
    CategoryCycle,
    CategoryHasChildren,
    CategoryTooDeep,
    CategoryUnknown,
    SlugTaken,
    TaxonomyInUse,
)
from content.models import Category
from content.services.usage import uses_of


@transact
def save_category(category_id: int | None = None, **fields) -> Category:
    """Create a category, or change the one with that id; fields as the model names them.

    Raises CategoryUnknown for a parent that is not there, CategoryCycle, CategoryTooDeep and
    SlugTaken.  The whole tree is locked: two moves that would make a circle together queue here.
    """
    tree = {node.pk: node for node in Category.objects.locked()}
    category = tree.get(category_id) if category_id else Category()
    if category is None:
        raise NotFound
    if "parent_id" in fields:
        check_parent(tree, category_id, fields["parent_id"])
    taken = {node.slug for node in tree.values() if node.pk != category_id}
    if fields.get("slug") in taken:
        raise SlugTaken(slug=fields["slug"])
    set_fields(category, fields)
    try:
        with transaction.atomic():
            category.save(update_fields=[*fields, "updated_at"] if category_id else None)
    except IntegrityError:  # a new one of the same slug was saved meanwhile
        raise SlugTaken(slug=category.slug) from None
    return category


def check_parent(tree: dict[int, Category], category_id: int | None, parent_id: int | None) -> None:
    """Refuse a parent that does not exist, lies below the category, or makes the tree too deep."""
    if parent_id is None:
        return
    if parent_id not in tree:
        raise CategoryUnknown(parent_id=parent_id)
    above = _ancestors(tree, parent_id)
    if category_id in above:
        raise CategoryCycle
    if len(above) + _height(tree, category_id) > Category.MAX_DEPTH:
        raise CategoryTooDeep(at_most=Category.MAX_DEPTH)


@transact
def delete_category(category_id: int) -> None:
    """Delete a category; CategoryHasChildren or TaxonomyInUse while something hangs on it."""
    category = Category.objects.locked().filter(pk=category_id).first()
    if category is None:
        raise NotFound
    if category.children.exists():
        raise CategoryHasChildren
    uses = uses_of(category)
    if uses:
        raise TaxonomyInUse(uses=uses)
    note_deleted(category)
    category.delete()


def in_tree_order(categories: Iterable[Category]) -> list[tuple[int, int]]:
    """(id, depth) of each category, children right after their parent, in their order."""
    below: dict[int | None, list[int]] = {}
    for category in categories:
        below.setdefault(category.parent_id, []).append(category.pk)

    def walk(parent_id: int | None, depth: int) -> Iterator[tuple[int, int]]:
        for pk in below.get(parent_id, []):
            yield pk, depth
            yield from walk(pk, depth + 1)

    return list(walk(None, 0))


def _ancestors(tree: dict[int, Category], node_id: int | None) -> list[int]:
    """The node and what is above it, up to the root."""
    chain: list[int] = []
    while node_id is not None and node_id not in chain:
        chain.append(node_id)
        node_id = tree[node_id].parent_id
    return chain


def _height(tree: dict[int, Category], node_id: int | None) -> int:
    """Levels of the subtree that starts at the node; a new node is one level."""
    children = [pk for pk, node in tree.items() if node_id and node.parent_id == node_id]
    return 1 + max((_height(tree, pk) for pk in children), default=0)
