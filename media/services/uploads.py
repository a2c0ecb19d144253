"""An upload, from the bytes that came to the file that is there.

First the row with the bytes it will take (committed), then the storage, then the row says ready.
Whatever breaks in between leaves a row that the sweep finds, never bytes without one.
"""

import os
import secrets
import unicodedata
from collections.abc import Callable
from hashlib import sha256
from typing import BinaryIO

from accounts.audit import move
from accounts.models import User
from accounts.services.profiles import set_avatar
from config import storage
from config.db import transact
from media import images
from media.errors import FileTooLarge
from media.images import Rendition
from media.models import File, FileStatus, Purpose, Variant
from media.services import files
from media.services.links import public_url
from media.services.purposes import RULES
from media.services.quota import reserve

MAX_NAME = 200


def store_upload(owner: User, *, purpose: str, content: BinaryIO, size: int, name: str) -> File:
    """Check, encode anew and keep an image; the file is ready.

    size: of `content`.  Raises FileTooLarge, FileTypeNotAllowed, ImageTooLarge, ImageBroken,
    QuotaExceeded, ServiceUnavailable; nothing is kept then.
    """
    return _store(owner, purpose, content, size, name, finish=_finish)


def replace_avatar(owner: User, *, content: BinaryIO, size: int, name: str) -> File:
    """Let an upload be the person's avatar; the one before it goes away.  Raises as above."""
    return _store(owner, Purpose.AVATAR, content, size, name, finish=_wear)


def _store(
    owner: User,
    purpose: str,
    content: BinaryIO,
    size: int,
    name: str,
    *,
    finish: Callable[[int, User], File],
) -> File:
    rule = RULES[purpose]
    if size > rule.max_bytes:
        raise FileTooLarge(max_bytes=rule.max_bytes)
    main, thumb = images.render(content, main=rule.main, thumb=rule.thumb, square=rule.square)
    file = _announce(owner.pk, purpose=purpose, name=clean_name(name), main=main, thumb=thumb)
    try:
        for variant, rendition in ((Variant.MAIN, main), (Variant.THUMB, thumb)):
            path = file.path(variant)
            storage.write(path, rendition.data, content_type=file.content_type)
        return finish(file.pk, owner)
    except Exception:
        files.discard(file.pk, reason="上传失败")
        raise


@transact
def _announce(owner_id: int, *, purpose: str, name: str, main: Rendition, thumb: Rendition) -> File:
    reserve(owner_id, size=len(main.data) + len(thumb.data))
    return File.objects.create(
        owner_id=owner_id,
        purpose=purpose,
        visibility=RULES[purpose].visibility,
        key=secrets.token_hex(16),
        sha256=sha256(main.data).hexdigest(),
        original_name=name,
        content_type=images.CONTENT_TYPE,
        size=len(main.data),
        thumb_size=len(thumb.data),
        width=main.width,
        height=main.height,
    )


@transact
def _finish(file_id: int, owner: User) -> File:
    file = File.objects.locked().get(pk=file_id)
    move(file, FileStatus.READY, actor=owner, reason="上传完成")
    return file


@transact
def _wear(file_id: int, owner: User) -> File:
    """Ready and worn in one step, the person locked first: of several at once the last one stays.

    An avatar that is ready was worn, so all others that are ready have had their time.
    """
    file = File.objects.get(pk=file_id)
    set_avatar(owner.pk, url=public_url(file, Variant.MAIN))
    file = _finish(file_id, owner)
    former = File.objects.locked().ready().filter(owner=owner, purpose=Purpose.AVATAR)
    for old in former.exclude(pk=file_id):
        files.let_go(old, actor=owner, reason="已更换头像")
    return file


def clean_name(name: str) -> str:
    """What a client called the file, fit to be shown: no folders, nothing invisible."""
    name = os.path.basename(name.replace("\\", "/"))
    name = unicodedata.normalize("NFC", name)
    kept = "".join(char for char in name if char.isprintable())
    return kept.strip(". ")[-MAX_NAME:]
