"""Which account a phone number or a WeChat belongs to (invariants J-9).

Nothing moves from one account to another but by merge(), with proof of both.
"""

from functools import partial

from django.db import IntegrityError
from django.utils import timezone

from accounts.errors import (
    AccountDisabled,
    CannotManage,
    PhoneTaken,
    WeChatAlreadyBound,
    WeChatTaken,
)
from accounts.models import CodePurpose, User, WeChatIdentity
from accounts.services.deletion import leave_behind
from accounts.services.notifications import notify
from accounts.services.phone_codes import spend_code
from accounts.services.sessions import revoke_all
from accounts.services.step_up import require_step_up
from accounts.tokens import Login
from accounts.wechat import WeChatPerson
from config.db import transact


def bind_phone(user_id: int, *, phone: str, code: str, login: Login) -> None:
    """Set one's own number, proved by a code sent to it; the old one gets a notice.

    Raises CodeInvalid, PhoneTaken, AccountDisabled, and StepUpRequired when there is an old one.
    """
    if _has_phone(user_id):
        require_step_up(login)
    _prove(user_id, phone, code)
    try:
        _set_phone(user_id, phone)
    except IntegrityError:
        raise PhoneTaken(next="merge") from None


def bind_wechat(user_id: int, *, appid: str, person: WeChatPerson) -> None:
    """Let that WeChat, proved by its login code, log in to one's own account.

    Raises WeChatTaken, WeChatAlreadyBound and AccountDisabled.
    """
    _twice(partial(_bind_wechat, user_id, appid, person))


def join(*, appid: str, person: WeChatPerson, phone: str) -> User:
    """The one account of a WeChat and a number that WeChat vouches for; made when there is none.

    Raises PhoneTaken when they belong to two, WeChatAlreadyBound and AccountDisabled.
    """
    return _twice(partial(_join, appid, person, phone))


def merge_phone(user_id: int, *, phone: str, code: str) -> None:
    """Take over a number from another account, proved by a code; that account logs out.

    Raises CodeInvalid, AccountDisabled, CannotManage (the other is staff's).
    """
    _prove(user_id, phone, code)
    _twice(partial(_move_phone, user_id, phone))


@transact
def merge_wechat(user_id: int, *, appid: str, person: WeChatPerson) -> None:
    """Take over a WeChat from another account, proved by its login code; that account logs out.

    Raises WeChatAlreadyBound, AccountDisabled and CannotManage.
    """
    identity = _identity(appid, person)
    if identity is None or identity.user_id == user_id:
        return _bind_wechat(user_id, appid, person)
    user, other = _both(user_id, identity.user_id)
    if user.wechat_identities.filter(appid=appid).exists():
        raise WeChatAlreadyBound
    moved = WeChatIdentity.objects.filter(pk=identity.pk, user=other).update(user=user)
    if not moved:
        raise WeChatTaken(next="merge")
    return _tell_moved(user, other, "微信")


def _prove(user_id: int, phone: str, code: str) -> None:
    spend_code(phone, CodePurpose.CHANGE if _has_phone(user_id) else CodePurpose.BIND, code)


def _has_phone(user_id: int) -> bool:
    return User.objects.filter(pk=user_id, phone__isnull=False).exists()


def _twice(service):
    """Once more when somebody else took the number or the WeChat in the same moment."""
    try:
        return service()
    except IntegrityError:
        return service()


@transact
def _set_phone(user_id: int, phone: str) -> None:
    user = _active(user_id)
    if user.phone == phone:
        return
    if User.objects.by_phone(phone):
        raise PhoneTaken(next="merge")
    _replace_phone(user, phone)


@transact
def _bind_wechat(user_id: int, appid: str, person: WeChatPerson) -> None:
    user = _active(user_id)
    identity = _identity(appid, person)
    if identity is not None:
        if identity.user_id != user_id:
            raise WeChatTaken(next="merge")
        return
    _add_wechat(user, appid, person)


@transact
def _join(appid: str, person: WeChatPerson, phone: str) -> User:
    identity = _identity(appid, person)
    owner = User.objects.by_phone(phone)
    if identity is not None:
        if owner is not None and owner.pk != identity.user_id:
            raise PhoneTaken(next="merge")
        user = _active(identity.user_id)
        if user.phone is None:
            _replace_phone(user, phone)
        return user
    if owner is not None:
        user = _active(owner.pk)
    else:
        user = User(phone=phone)
        user.set_unusable_password()
        user.save(force_insert=True)
    _add_wechat(user, appid, person)
    return user


@transact
def _move_phone(user_id: int, phone: str) -> None:
    owner = User.objects.by_phone(phone)
    if owner is None or owner.pk == user_id:
        return _set_phone(user_id, phone)
    user, other = _both(user_id, owner.pk)
    User.objects.filter(pk=other.pk, phone=phone).update(phone=None, updated_at=timezone.now())
    _replace_phone(user, phone)
    return _tell_moved(user, other, "手机号")


def _replace_phone(user: User, phone: str) -> None:
    """The locked person's new number; what they had before hears of it."""
    old, user.phone = user.phone, phone
    user.save(update_fields=["phone", "updated_at"])
    notify(user, "phone_changed", at=_now())
    if old:
        notify(user, "phone_replaced", at=_now(), to=old)


def _add_wechat(user: User, appid: str, person: WeChatPerson) -> None:
    """Looks once more, now that the person is locked: the same WeChat may have come in between."""
    known = user.wechat_identities.filter(appid=appid).first()
    if known is not None:
        if known.openid != person.openid:
            raise WeChatAlreadyBound
        return
    WeChatIdentity.objects.create(
        user=user, appid=appid, openid=person.openid, unionid=person.unionid
    )
    notify(user, "wechat_bound", at=_now())


def _tell_moved(user: User, other: User, what: str) -> None:
    revoke_all(other.pk, reason="merged")
    for person in (user, other):
        notify(person, "identity_moved", what=what, at=_now())
    if not _has_way_in(other.pk):
        leave_behind(other)


def _has_way_in(user_id: int) -> bool:
    """Whether anybody can still log in to the account; by an email address a password is reset."""
    user = User.objects.get(pk=user_id)
    named = bool(user.username) and user.has_usable_password()
    return bool(named or user.phone or user.email or user.wechat_identities.exists())


def _identity(appid: str, person: WeChatPerson) -> WeChatIdentity | None:
    return WeChatIdentity.objects.filter(appid=appid, openid=person.openid).first()


def _active(user_id: int) -> User:
    user = User.objects.locked().get(pk=user_id)
    if not user.is_active:
        raise AccountDisabled
    return user


def _both(user_id: int, other_id: int) -> tuple[User, User]:
    """Locked in the order of their keys; staff's ways in are no stranger's to take."""
    users = {user.pk: user for user in User.objects.locked().filter(pk__in=[user_id, other_id])}
    user, other = users[user_id], users[other_id]
    if not (user.is_active and other.is_active):
        raise AccountDisabled
    if other.is_staff or other.is_superuser:
        raise CannotManage
    return user, other


def _now() -> str:
    return f"{timezone.localtime():%Y年%m月%d日 %H:%M}"
