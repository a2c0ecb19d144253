"""Ways to log in; each attempt leaves a row in the login log."""

import logging
from dataclasses import dataclass

from accounts.errors import (
    AccountDisabled,
    BadCredentials,
    WeChatBlocked,
    WeChatCodeInvalid,
    WeChatTooFrequent,
    WeChatUnavailable,
)
from accounts.fields import open_names_of
from accounts.models import User, UserPassword, WeChatIdentity
from accounts.services.lockout import begin_login
from accounts.services.login_log import Device, log_attempt
from accounts.services.registration import register_by_wechat
from accounts.services.second_factor import Offer
from accounts.services.sessions import TokenPair, open_session
from accounts.wechat import WeChatError, WeChatPerson, wechat_client
from config.errors import DomainError
from config.masking import mask_account, mask_key
from config.prepared import Prepared
from config.rows import made

logger = logging.getLogger(__name__)

LONGEST_PASSWORD = 128
_REFUSALS = {
    40029: WeChatCodeInvalid,
    40163: WeChatCodeInvalid,
    40226: WeChatBlocked,
    45011: WeChatTooFrequent,
}
_MISCONFIGURED = {40013, 40125}


@dataclass(frozen=True)
class LoggedIn:
    """openid: of this mini-program, None when the person has none."""

    user: User
    openid: str | None
    tokens: TokenPair


def by_password(account: str, password: str, *, device: Device, otp: str = "") -> LoggedIn:
    """Log in by username, verified phone or email.

    A password that somebody else set opens a session that is good for changing it alone.
    Raises BadCredentials (unknown account and wrong password alike), AccountDisabled,
    TooManyAttempts and what Offer.demand() does.
    """
    offer = Offer(otp)
    user = check_password(account, password, method="password", device=device, offer=offer)
    must_change = UserPassword.objects.filter(user=user, must_change=True).exists()
    return enter(
        user,
        openid_of(user),
        "password",
        mask_account(account),
        device,
        offer,
        restricted=must_change,
    )


def by_wechat(code: str, *, device: Device, otp: str = "") -> LoggedIn:
    """Log in by what wx.login() gave; the first time registers.

    Raises WeChatCodeInvalid (also for a code used before), WeChatBlocked, WeChatTooFrequent,
    WeChatUnavailable, AccountDisabled and what Offer.demand() does.
    """
    try:
        person = exchange(code)
    except DomainError as refusal:
        log_attempt(None, "wechat", "", device, refusal)
        raise
    user = _user_of(person)
    return enter(user, person.openid, "wechat", mask_key(person.openid), device, Offer(otp))


def exchange(code: str) -> WeChatPerson:
    """Who a WeChat login code belongs to; it works once."""
    try:
        return wechat_client().code2session(code)
    except WeChatError as error:
        raise refuse(error) from error


def by_registration(user: User, *, device: Device) -> LoggedIn:
    """Log in somebody who has just registered."""
    account = mask_account(user.username or user.phone or "")
    return enter(user, None, "register", account, device, Offer())


def check_password(
    account: str, password: str, *, method: str, device: Device, offer: Offer
) -> User:
    """Whose account and password these are; a refusal is logged, success is not.

    offer: looked at only when too many guesses would refuse even the owner.
    """
    user = find_by_account(account) if len(password) <= LONGEST_PASSWORD else None
    proof = (lambda: offer.proves(user)) if user and offer.otp else None
    try:
        with begin_login(user, account, device.ip_address, proof=proof):
            _evaluate(user, password)
        if not user.is_active:
            raise AccountDisabled
    except DomainError as refusal:
        log_attempt(user, method, mask_account(account), device, refusal)
        raise
    return user


def _evaluate(user: User | None, password: str) -> None:
    if len(password) > LONGEST_PASSWORD:
        raise BadCredentials
    if user is None:
        User().set_password(password)  # as slow as a real check: no hint who is registered
        raise BadCredentials
    if not user.check_password(password):
        raise BadCredentials


def find_by_account(account: str) -> User | None:
    """Whose username, verified phone or verified email this is."""
    account = account.strip().lower()
    if "@" in account:
        return User.objects.by_email(account)
    if account.isascii() and account.isdigit() and len(account) == 11:
        return User.objects.by_phone(account)
    return User.objects.filter(username=account).first()


def openid_of(user: User) -> str | None:
    """The person's openid of this mini-program."""
    identities = user.wechat_identities.filter(appid=wechat_client().appid)
    return identities.values_list("openid", flat=True).first()


def enter(
    user: User,
    openid: str | None,
    method: str,
    account: str,
    device: Device,
    offer: Offer,
    *,
    restricted: bool = False,
) -> LoggedIn:
    """Open a session for somebody who has shown who they are; account: already masked."""
    try:
        if not user.is_active:
            raise AccountDisabled
        offer.demand(user)
        tokens = open_session(user, method=method, device=device, restricted=restricted)
    except DomainError as refusal:
        log_attempt(user, method, account, device, refusal)
        raise
    log_attempt(user, method, account, device)
    return LoggedIn(user, openid, tokens)


def _user_of(person: WeChatPerson) -> User:
    """The person's account, made on their first login; one write only when something is new."""
    appid = wechat_client().appid
    row = _known.first(appid=appid, openid=person.openid)
    if row is None:
        return register_by_wechat(appid, person)
    if person.unionid and row["unionid"] != person.unionid:
        known = WeChatIdentity.objects.filter(appid=appid, openid=person.openid)
        known.update(unionid=person.unionid)
    return made(User, {name: row[f"user__{name}"] for name in open_names_of(User)})


_known = Prepared(
    lambda appid, openid: (
        WeChatIdentity.objects.filter(appid=appid, openid=openid)
        .order_by()
        .values("unionid", *(f"user__{name}" for name in open_names_of(User)))
    )
)


def refuse(error: WeChatError) -> DomainError:
    """What we say to what WeChat said."""
    if error.errcode in _MISCONFIGURED:
        logger.error("WeChat refuses our appid or secret: %s", error)
    elif error.errcode not in _REFUSALS:
        logger.warning("WeChat login unavailable: %s", error)
    return _REFUSALS.get(error.errcode, WeChatUnavailable)()
