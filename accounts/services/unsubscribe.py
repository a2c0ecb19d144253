"""The way out of promotional mail that needs no login (RFC 8058): a signed link in each of them."""

from urllib.parse import urlencode

from django.conf import settings
from django.core import signing

from accounts.errors import UnsubscribeInvalid
from accounts.models import Channel, NoticeKind, NotificationTemplate, User
from accounts.services.preferences import change_preferences

SALT = "accounts.unsubscribe"


def unsubscribe_link(user: User) -> str:
    """For this person alone; it has no end, as an old mail may be opened any day."""
    token = signing.dumps(user.pk, salt=SALT)
    return f"{settings.PUBLIC_URL}/api/v1/notifications/unsubscribe?{urlencode({'token': token})}"


def unsubscriber(token: str) -> User:
    """Whose link it is; UnsubscribeInvalid when it is nobody's."""
    try:
        user_id = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        raise UnsubscribeInvalid from None
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise UnsubscribeInvalid
    return user


def unsubscribe(token: str) -> None:
    """No promotional mail any more, of no kind; a second call changes nothing.

    Can be taken back one by one in the preferences.  Raises UnsubscribeInvalid.
    """
    user = unsubscriber(token)
    promotional = NotificationTemplate.objects.filter(kind=NoticeKind.MARKETING)
    wanted = [
        (words.code, Channel.EMAIL.value, False)
        for words in promotional
        if Channel.EMAIL in words.channels
    ]
    change_preferences(user, wanted=wanted)
