"""Who uses a category or tag, without knowing the apps above: by the relations Django knows."""

from django.db.models import Model


def uses_of(instance: Model) -> dict[str, int]:
    """How many rows point at `instance`, by model label; its own children are not counted."""
    counts = {}
    for model, column in _references(instance):
        number = model._base_manager.filter(**{column: instance.pk}).count()
        if number:
            counts[model._meta.label_lower] = number
    return counts


def repoint(old: Model, new: Model) -> int:
    """Make everything that points at `old` point at `new`; how many rows moved.

    A row that would say the same as one `new` already has is dropped.  Call it inside the
    transaction that holds both rows' locks.
    """
    moved = 0
    for model, column in _references(old):
        rows = model._base_manager.filter(**{column: old.pk})
        owner = _owner_column(model, column)
        if owner:
            already = model._base_manager.filter(**{column: new.pk}).values_list(owner, flat=True)
            rows.filter(**{f"{owner}__in": list(already)}).delete()
        moved += rows.update(**{column: new.pk})
    return moved


def _references(instance: Model):
    """(model, foreign key column) of each table that may point at `instance`."""
    for relation in type(instance)._meta.related_objects:
        if relation.many_to_many:
            field = relation.field
            yield relation.through, f"{field.m2m_reverse_name()}"
        elif relation.related_model is not type(instance):
            yield relation.related_model, relation.field.attname


def _owner_column(model, column: str) -> str | None:
    """The other end of a many-to-many row; None for a plain foreign key."""
    if not model._meta.auto_created:
        return None
    names = [field.attname for field in model._meta.concrete_fields if field.is_relation]
    return next(name for name in names if name != column)
