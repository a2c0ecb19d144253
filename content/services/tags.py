from django.db import IntegrityError, transaction

from config.changes import note_change, note_deleted, set_fields
from config.db import transact
from config.errors import NotFound
from content.errors import CannotMergeIntoItself, TagNameTaken, TagUnknown, TaxonomyInUse
from content.models import DiseaseTag
from content.services.usage import repoint, uses_of


@transact
def save_tag(tag_id: int | None = None, **fields) -> DiseaseTag:
    """Create a tag, or change the one with that id; TagNameTaken when another has the name."""
    tag = DiseaseTag.objects.locked().filter(pk=tag_id).first() if tag_id else DiseaseTag()
    if tag is None:
        raise NotFound
    set_fields(tag, fields)
    try:
        with transaction.atomic():
            tag.save(update_fields=[*fields, "updated_at"] if tag_id else None)
    except IntegrityError:
        raise TagNameTaken(name=tag.name) from None
    return tag


@transact
def delete_tag(tag_id: int) -> None:
    """Delete a tag nobody uses; TaxonomyInUse otherwise: merge it instead."""
    tag = DiseaseTag.objects.locked().filter(pk=tag_id).first()
    if tag is None:
        raise NotFound
    uses = uses_of(tag)
    if uses:
        raise TaxonomyInUse(uses=uses)
    note_deleted(tag)
    tag.delete()


@transact
def merge_tags(tag_id: int, *, into_id: int) -> DiseaseTag:
    """Let `into_id` stand wherever `tag_id` stood, and delete the latter."""
    if tag_id == into_id:
        raise CannotMergeIntoItself
    tags = {tag.pk: tag for tag in DiseaseTag.objects.locked().filter(pk__in=[tag_id, into_id])}
    if tag_id not in tags:
        raise NotFound
    if into_id not in tags:
        raise TagUnknown(tag_id=into_id)
    moved = repoint(tags[tag_id], tags[into_id])
    note_change(tags[into_id], {"merged": (None, tags[tag_id].name), "moved": (0, moved)})
    note_deleted(tags[tag_id])
    tags[tag_id].delete()
    return tags[into_id]
