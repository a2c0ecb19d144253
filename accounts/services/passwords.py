"""Passwords: strong enough, changed only with the old one."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.errors import WeakPassword, WrongPassword
from accounts.models import User
from accounts.services.lockout import begin_confirmation
from accounts.services.notifications import notify
from accounts.services.password_history import reasons_against, remember
from accounts.services.sessions import forget_step_up, revoke_all, unrestrict
from config.db import transact


def check_strength(password: str, user: User) -> None:
    """Raise WeakPassword unless `password` passes settings.AUTH_PASSWORD_VALIDATORS, and what
    staff, one's own name and one's last five passwords ask for."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(password=list(error.messages)) from None
    if reasons := reasons_against(password, user):
        raise WeakPassword(password=reasons)


def change_password(user_id: int, *, old: str, new: str, keep_session: int) -> None:
    """Set a new password and end every login but the session `keep_session`.

    Raises WrongPassword (also for somebody who has none), TooManyAttempts and WeakPassword.
    """
    user = User.objects.get(pk=user_id)
    confirm_password(user, old)
    check_strength(new, user)
    seen = user.password
    user.set_password(new)  # slow: before the lock
    _replace(user_id, seen=seen, password=user.password, keep_session=keep_session)


def confirm_password(user: User, password: str) -> None:
    """Let somebody who is logged in show that it is them; WrongPassword or TooManyAttempts."""
    with begin_confirmation(user):
        if not user.check_password(password):
            raise WrongPassword(old_password=[str(WrongPassword.message)])


@transact
def _replace(user_id: int, *, seen: str, password: str, keep_session: int) -> None:
    """The lock orders this with open_session(): nobody gets in with the old password after it."""
    user = User.objects.locked().get(pk=user_id)
    if user.password != seen:  # changed by another request meanwhile
        raise WrongPassword(old_password=[str(WrongPassword.message)])
    remember(user, password)
    User.objects.filter(pk=user_id).update(password=password)
    revoke_all(user_id, reason="password", keep=keep_session)
    forget_step_up(user_id)
    unrestrict(keep_session)
    notify(user, "password_changed", at=f"{timezone.localtime():%Y年%m月%d日 %H:%M}")
