"""Where an agreement is found: by a link of ten minutes that says whose it is (C-5).

As media.services.links has it for files; who may see it is looked up again when it is opened.
"""

from urllib.parse import quote

from django.conf import settings
from django.core import signing

from accounts.models import User, UserStatus
from farm.errors import AgreementLinkInvalid
from farm.models import AgreementFile, ClaimAgreement
from media.services.links import LINK_SECONDS

_SALT = "farm.agreement"
PATH = "/api/v1/animals/agreements/file"


def agreement_url(agreement_id: int, *, user_id: int) -> str:
    """A link for one person to one agreement, for media's LINK_SECONDS."""
    token = signing.dumps([agreement_id, user_id], salt=_SALT)
    return f"{settings.PUBLIC_URL}{PATH}?token={quote(token, safe='')}"


def open_agreement(token: str, *, visitor: User) -> AgreementFile:
    """The document a link leads to; AgreementLinkInvalid.

    visitor: who asks, if anybody is logged in: then it must be the person the link was made for.
    """
    try:
        agreement_id, user_id = signing.loads(token, salt=_SALT, max_age=LINK_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        raise AgreementLinkInvalid from None
    if visitor.is_authenticated and visitor.pk != user_id:
        raise AgreementLinkInvalid
    user = User.objects.filter(pk=user_id, status=UserStatus.ACTIVE).first()
    if user is None or not ClaimAgreement.objects.visible_to(user).filter(pk=agreement_id).exists():
        raise AgreementLinkInvalid
    file = AgreementFile.objects.select_related("agreement").filter(agreement=agreement_id).first()
    if file is None:
        raise AgreementLinkInvalid
    return file
