"""Uploads as the pictures of something: a product, an animal."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Manager, Q

from accounts.models import User
from commerce.errors import ImageUnknown, ImageUsed
from media.models import File


def set_pictures(pictures: Manager, ids: Sequence[int], *, user: User, purpose: str) -> list[File]:
    """Show these uploads from now on, in this order, and no others; the files.

    pictures: the related manager of rows with `file` and `position`.  Each is an upload of
    `user`'s, or shown already; ImageUnknown otherwise, ImageUsed for one that something else
    shows where each is of one thing only.  Call it in a transaction that locks what they are of.
    """
    shown = Q(owner=user) | Q(pk__in=pictures.values("file"))
    files = find_uploads(ids, shown, purpose=purpose)
    pictures.all().delete()
    add_pictures(pictures, files)
    return files


def find_uploads(ids: Sequence[int], whose: Q, *, purpose: str) -> list[File]:
    """These uploads, each once, locked so that nobody deletes one meanwhile; ImageUnknown."""
    ids = list(dict.fromkeys(ids))
    ready = File.objects.locked().ready().filter(purpose=purpose, pk__in=ids)
    found = ready.filter(whose).in_bulk()
    if unknown := [pk for pk in ids if pk not in found]:
        raise ImageUnknown(ids=unknown)
    return [found[pk] for pk in ids]


def add_pictures(pictures: Manager, files: Sequence[File], **words) -> None:
    """Rows of them, in this order; words: their other columns.  ImageUsed."""
    words[pictures.field.name] = pictures.instance
    rows = [pictures.model(file=file, position=place, **words) for place, file in enumerate(files)]
    try:
        with transaction.atomic():
            pictures.bulk_create(rows)
    except IntegrityError:
        raise ImageUsed from None
