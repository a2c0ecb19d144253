"""What a proved email address does: it becomes one's own, and lets a lost password be set anew.

An address is an identifier only once a code proved it (invariants J-9).
"""

from django.db import IntegrityError
from django.utils import timezone

from accounts.errors import AccountDisabled, CodeInvalid, EmailTaken
from accounts.models import EmailPurpose, User
from accounts.services.email_codes import spend_email_code
from accounts.services.notifications import notify
from accounts.services.passwords import check_strength
from accounts.services.phone_login import replace_password
from accounts.services.step_up import require_step_up
from accounts.tokens import Login
from config.db import transact


def bind_email(user_id: int, *, email: str, code: str, login: Login) -> None:
    """Set one's own address, proved by a code sent to it; the old one gets a notice.

    Raises CodeInvalid, EmailTaken (only to who has just proved the address), AccountDisabled, and
    StepUpRequired when there is an old one.
    """
    if User.objects.filter(pk=user_id, email__isnull=False).exists():
        require_step_up(login)
    spend_email_code(email, EmailPurpose.BIND, code)
    try:
        _set_email(user_id, email)
    except IntegrityError:
        raise EmailTaken from None


def reset_password_by_email(email: str, *, code: str, new: str) -> None:
    """Set a new password by a code sent to the address, and end every login.

    Raises what phone_login.reset_password() does.
    """
    check_strength(new, User(email=email))
    spend_email_code(email, EmailPurpose.RESET, code)
    user = User.objects.by_email(email)
    if user is None:
        raise CodeInvalid
    replace_password(user, new, proved="email")


@transact
def _set_email(user_id: int, email: str) -> None:
    user = User.objects.locked().get(pk=user_id)
    if not user.is_active:
        raise AccountDisabled
    if user.email == email:
        return
    if User.objects.by_email(email):
        raise EmailTaken
    old, user.email = user.email, email
    user.save(update_fields=["email", "updated_at"])
    at = f"{timezone.localtime():%Y年%m月%d日 %H:%M}"
    notify(user, "email_changed", at=at)
    if old:
        notify(user, "email_replaced", at=at, to_email=old)
