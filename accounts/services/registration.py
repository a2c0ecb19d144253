"""New accounts."""

import re
import unicodedata
from datetime import date

from django.db import IntegrityError

from accounts.errors import UsernameMalformed, UsernameTaken
from accounts.models import User, WeChatIdentity
from accounts.services.password_history import remember
from accounts.services.passwords import check_strength
from accounts.wechat import WeChatPerson
from config.changes import note_change
from config.db import transact

# Begins with a letter: never to be taken for a phone number or an email.
_USERNAME = re.compile(r"[a-z][a-z0-9_.-]{2,31}", re.ASCII)


def create_user(
    *,
    username: str,
    password: str,
    nickname: str = "",
    must_change: bool = False,
    organisation_id: int | None = None,
    **profile: str | date | None,
) -> User:
    """Register by username and password; must_change: somebody else chose it.

    profile: gender, birthday.  Raises UsernameMalformed, UsernameTaken and WeakPassword; names
    that differ in case are one.
    """
    username = normal_username(username)
    user = User(username=username, nickname=nickname, organisation_id=organisation_id, **profile)
    check_strength(password, user)
    user.set_password(password)
    try:
        _insert(user, must_change)
    except IntegrityError:
        raise UsernameTaken from None
    return user


@transact
def _insert(user: User, must_change: bool) -> None:
    user.pk = None  # a second try after a deadlock starts anew
    user.save(force_insert=True)
    if must_change:
        remember(user, user.password, must_change=True)
        note_change(user, {"username": (None, user.username), "nickname": (None, user.nickname)})


def normal_username(username: str) -> str:
    """3 to 32 of a-z 0-9 _ . - beginning with a letter; UsernameMalformed otherwise."""
    username = unicodedata.normalize("NFKC", username).strip().lower()
    if not _USERNAME.fullmatch(username):
        raise UsernameMalformed
    return username


def register_by_wechat(appid: str, person: WeChatPerson) -> User:
    """The account of that openid, made when nobody has it yet; two at a time make one."""
    try:
        return _create_by_wechat(appid, person)
    except IntegrityError:
        identity = WeChatIdentity.objects.select_related("user")
        return identity.get(appid=appid, openid=person.openid).user


@transact
def _create_by_wechat(appid: str, person: WeChatPerson) -> User:
    """A unionid known from another app of ours names the same person: no second account."""
    user = None
    if person.unionid:
        elsewhere = WeChatIdentity.objects.filter(unionid=person.unionid).exclude(appid=appid)
        identity = elsewhere.select_related("user").first()
        user = identity and identity.user
    if user is None:
        user = User()
        user.set_unusable_password()
        user.save(force_insert=True)
    WeChatIdentity.objects.create(
        user=user, appid=appid, openid=person.openid, unionid=person.unionid
    )
    return user
