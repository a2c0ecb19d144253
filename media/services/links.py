"""Where a file is found: for ever when it is public, for ten minutes when it is its owner's."""

from urllib.parse import quote

from django.conf import settings
from django.core import signing

from accounts.models import User, UserStatus
from media.errors import LinkInvalid
from media.models import File, Variant, Visibility

LINK_SECONDS = 600
DOWNLOAD, PREVIEW = "download", "preview"
BASE = "/api/v1/file"


def public_path(file: File, variant: str) -> str:
    return f"{BASE}/public/{file.key}/{variant}.{file.extension}"


def public_url(file: File, variant: str) -> str:
    """The address of a public file: it never changes, neither does what is there."""
    return settings.PUBLIC_URL + public_path(file, variant)


def signed_path(file_id: int, *, user_id: int, action: str, variant: str = Variant.MAIN) -> str:
    """A link for one person to one file, for LINK_SECONDS; the action is part of the signature."""
    token = signing.dumps([file_id, user_id, variant], salt=_salt(action))
    return f"{BASE}/{action}?token={quote(token, safe='')}"


def preview_path(file_id: int, user_id: int, variant: str = Variant.MAIN) -> str:
    """Where that person looks at a file, on a page of ours."""
    return signed_path(file_id, user_id=user_id, action=PREVIEW, variant=variant)


def url_for(file: File, *, user_id: int, action: str = PREVIEW, variant: str = Variant.MAIN) -> str:
    """Where `user` looks at the file, or takes it along."""
    if file.visibility == Visibility.PUBLIC and action == PREVIEW:
        return public_url(file, variant)
    return settings.PUBLIC_URL + signed_path(
        file.pk, user_id=user_id, action=action, variant=variant
    )


def open_link(token: str, *, action: str, visitor: User) -> tuple[File, str]:
    """The file and variant a link leads to; LinkInvalid.

    visitor: who asks, if anybody is logged in: then it must be the person the link was made for.
    An <image> cannot say who asks; its link is all there is.  Whether that person may see the
    file is looked up again.
    """
    try:
        file_id, user_id, variant = signing.loads(token, salt=_salt(action), max_age=LINK_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        raise LinkInvalid from None
    if visitor.is_authenticated and visitor.pk != user_id:
        raise LinkInvalid
    user = User.objects.filter(pk=user_id, status=UserStatus.ACTIVE).first()
    file = user and File.objects.readable_by(user).filter(pk=file_id).first()
    if not file:
        raise LinkInvalid
    return file, variant


def _salt(action: str) -> str:
    return f"media.link.{action}"
