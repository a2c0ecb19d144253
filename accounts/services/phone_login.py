"""What a proved phone number opens: login, registration, a new password."""

from django.db import IntegrityError
from django.utils import timezone

from accounts.errors import AccountDisabled, CodeInvalid, PhoneTaken, PhoneUnsupported
from accounts.models import CodePurpose, User
from accounts.services.binding import join
from accounts.services.login import LoggedIn, enter, exchange, openid_of, refuse
from accounts.services.login_log import Device, log_attempt
from accounts.services.notifications import notify
from accounts.services.password_history import remember
from accounts.services.passwords import check_strength
from accounts.services.phone_codes import spend_code
from accounts.services.second_factor import Offer
from accounts.services.sessions import revoke_all
from accounts.wechat import WeChatError, wechat_client
from config.db import transact
from config.errors import DomainError
from config.masking import mask_phone
from config.phones import normal_phone


def by_phone(phone: str, code: str, *, device: Device, otp: str = "") -> LoggedIn:
    """Log in by a code sent to the number; the first time registers.

    Raises CodeInvalid, AccountDisabled and what Offer.demand() does.
    """
    try:
        spend_code(phone, CodePurpose.LOGIN, code)
    except DomainError as refusal:
        log_attempt(None, "phone", mask_phone(phone), device, refusal)
        raise
    user = register_by_phone(phone)
    return enter(user, openid_of(user), "phone", mask_phone(phone), device, Offer(otp))


def by_wechat_phone(code: str, phone_code: str, *, device: Device, otp: str = "") -> LoggedIn:
    """Log in by WeChat and bind the number that WeChat vouches for; the first time registers.

    Raises what by_wechat() does, PhoneUnsupported, PhoneTaken and WeChatAlreadyBound.
    """
    account = ""
    try:
        person, phone = exchange(code), _number(phone_code)
        account = mask_phone(phone)
        user = join(appid=wechat_client().appid, person=person, phone=phone)
    except DomainError as refusal:
        log_attempt(None, "wx_phone", account, device, refusal)
        raise
    return enter(user, person.openid, "wx_phone", account, device, Offer(otp))


def create_by_phone(*, phone: str, code: str, password: str = "", nickname: str = "") -> User:
    """Register by a number and the code sent to it, with a password or without.

    Raises WeakPassword before the code is spent, CodeInvalid, and PhoneTaken, which only those
    learn who hold the number.
    """
    user = User(phone=phone, nickname=nickname)
    if password:
        check_strength(password, user)
        user.set_password(password)
    else:
        user.set_unusable_password()
    spend_code(phone, CodePurpose.REGISTER, code)
    if User.objects.by_phone(phone):
        raise PhoneTaken(next="login")
    try:
        _insert(user)
    except IntegrityError:
        raise PhoneTaken(next="login") from None
    return user


def register_by_phone(phone: str) -> User:
    """The account of that proved number, made when nobody has it yet; two at a time make one."""
    user = User.objects.by_phone(phone)
    if user is None:
        user = User(phone=phone)
        user.set_unusable_password()
        try:
            _insert(user)
        except IntegrityError:
            user = User.objects.get(phone=phone)
    return user


def reset_password(phone: str, *, code: str, new: str) -> None:
    """Set a new password by a code sent to the number, and end every login.

    Raises WeakPassword, before the code is spent unless it is the account's own name or
    one of its last five, AccountDisabled, and CodeInvalid, for a number without an account too.
    """
    check_strength(new, User(phone=phone))
    spend_code(phone, CodePurpose.RESET, code)
    user = User.objects.by_phone(phone)
    if user is None:
        raise CodeInvalid
    replace_password(user, new, proved="phone")


def replace_password(user: User, new: str, *, proved: str) -> None:
    """Set a new password for who has just proved `proved`, phone or email, of the account.

    Raises WeakPassword, AccountDisabled, and CodeInvalid when that is not theirs any more.
    """
    check_strength(new, user)
    user.set_password(new)  # slow: before the lock
    _reset(user.pk, password=user.password, **{proved: getattr(user, proved)})


@transact
def _reset(user_id: int, *, password: str, **proved: str) -> None:
    user = User.objects.locked().get(pk=user_id)
    if any(getattr(user, name) != value for name, value in proved.items()):  # moved on meanwhile
        raise CodeInvalid
    if not user.is_active:
        raise AccountDisabled
    remember(user, password)
    User.objects.filter(pk=user_id).update(password=password)
    revoke_all(user_id, reason="password")
    notify(user, "password_changed", at=f"{timezone.localtime():%Y年%m月%d日 %H:%M}")


@transact
def _insert(user: User) -> None:
    user.pk = None  # a second try after a deadlock starts anew
    user.save(force_insert=True)


def _number(phone_code: str) -> str:
    try:
        number = wechat_client().get_phone_number(phone_code)
    except WeChatError as error:
        raise refuse(error) from error
    phone = normal_phone(number)
    if phone is None:
        raise PhoneUnsupported
    return phone
