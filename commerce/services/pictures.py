"""Uploads as the pictures of something: a product, an animal."""

from collections.abc import Sequence

from django.db.models import Manager, Q

from accounts.models import User
from commerce.errors import ImageUnknown
from media.models import File


def set_pictures(pictures: Manager, ids: Sequence[int], *, user: User, purpose: str) -> list[File]:
    """Show these uploads from now on, in this order, and no others; the files.

    pictures: the related manager of rows with `file` and `position`.  Each is an upload of
    `user`'s, or shown already; ImageUnknown otherwise.  Call it in a transaction that locks what
    they are of.
    """
    ids = list(dict.fromkeys(ids))
    ready = File.objects.ready().filter(purpose=purpose, pk__in=ids)
    found = ready.filter(Q(owner=user) | Q(pk__in=pictures.values("file"))).in_bulk()
    if unknown := [pk for pk in ids if pk not in found]:
        raise ImageUnknown(ids=unknown)
    pictures.all().delete()
    of = {pictures.field.name: pictures.instance}
    pictures.bulk_create(
        pictures.model(file=found[pk], position=place, **of) for place, pk in enumerate(ids)
    )
    return [found[pk] for pk in ids]
