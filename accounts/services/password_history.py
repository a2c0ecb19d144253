"""What a new password must not be: short for staff, about its owner, one of the last five."""

import unicodedata

from django.contrib.auth.hashers import check_password
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import SecondFactor, User, UserPassword

KEEP = 5
MIN_LENGTH = 8  # of what is left without the words everybody guesses first
STAFF_MIN_LENGTH = 15
STAFF_MIN_LENGTH_WITH_SECOND_FACTOR = 12
PRODUCT_WORDS = ("banxin", "伴心")


def reasons_against(password: str, user: User) -> list[str]:
    """Why `user` cannot have this one; slow when they have a history: call it before any lock."""
    reasons = []
    if user.is_staff and len(password) < (shortest := _shortest_for_staff(user)):
        words = _("工作人员的密码至少 %(count)s 位")
        reasons.append(words % {"count": shortest})
    plain = unicodedata.normalize("NFKC", password).casefold()
    for word in _context(user):
        plain = plain.replace(word.casefold(), "")
    if len(plain) < MIN_LENGTH <= len(password):
        reasons.append(_("除去用户名、昵称、手机号和产品名，密码至少还要有 8 位"))
    if not reasons and any(check_password(password, used) for used in _used(user)):
        reasons.append(_("不能使用最近 5 次用过的密码"))
    return reasons


def remember(user: User, new: str, *, must_change: bool = False) -> None:
    """Note that the hash `new` follows user.password; in the transaction that writes it."""
    used = [new, *_used(user)]
    UserPassword.objects.update_or_create(
        user=user,
        defaults={
            "changed_at": timezone.now(),
            "must_change": must_change,
            "history": used[:KEEP],
        },
    )


def require_change(user: User) -> None:
    """Have the password in force replaced by its owner before anything else."""
    UserPassword.objects.update_or_create(
        user=user,
        defaults={"must_change": True},
        create_defaults={"must_change": True, "changed_at": user.created_at},
    )


def _shortest_for_staff(user: User) -> int:
    on = SecondFactor.objects.filter(user_id=user.pk, confirmed_at__isnull=False).exists()
    return STAFF_MIN_LENGTH_WITH_SECOND_FACTOR if on else STAFF_MIN_LENGTH


def _used(user: User) -> list[str]:
    """The hashes of the last five passwords, the one in force first."""
    if user.pk is None:
        return []
    record = UserPassword.objects.filter(user=user).first()
    hashes = [user.password, *(record.history if record else [])]
    return [used for used in dict.fromkeys(hashes) if used and not used.startswith("!")][:KEEP]


def _context(user: User) -> list[str]:
    """Words somebody who knows the person tries first; shorter ones are in every password."""
    own = (user.username, user.nickname, user.phone)
    return [*PRODUCT_WORDS, *(word for word in own if word and len(word) >= 4)]
