"""The second factor of staff: an authenticator app, and recovery codes for the day it is lost.

A code of the app works once: only the UPDATE that raises last_step takes it (invariants J-11).
"""

import base64
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from django.utils import timezone

from accounts import totp
from accounts.errors import (
    EnrolmentEnded,
    OtpInvalid,
    OtpRequired,
    SecondFactorMissing,
    SecondFactorOff,
)
from accounts.models import RecoveryCode, SecondFactor, User
from accounts.services.lockout import begin_second_factor
from accounts.services.notifications import notify
from accounts.services.parameters import parameter
from accounts.services.passwords import confirm_password
from accounts.services.roles import check_may_manage
from accounts.services.sessions import revoke_all
from config.db import transact
from config.logs import security_event

RECOVERY_CODES = 10
ENROLMENT_LASTS = timedelta(minutes=30)
_RECOVERY_BYTES = 10


@dataclass
class Offer:
    """The one-time code that came with a login; taken at most once, since it works once."""

    otp: str = ""
    taken: bool = field(default=False, init=False)

    def proves(self, user: User) -> bool:
        """Take the code instead of a place among the guesses; its caller counts the tries."""
        self.taken = bool(self.otp) and is_on(user) and _take(user, self.otp)
        return self.taken

    def demand(self, user: User) -> None:
        """Let staff pass with a right code, everybody else without.

        Raises OtpRequired, OtpInvalid, TooManyOtps, and SecondFactorMissing for staff who have
        none although STAFF_TOTP_REQUIRED.
        """
        if self.taken or not user.is_staff:
            return
        if not is_on(user):
            if parameter("STAFF_TOTP_REQUIRED"):
                raise SecondFactorMissing
            return
        if not self.otp:
            raise OtpRequired(next="otp")
        verify(user, self.otp)
        self.taken = True


def is_on(user: User) -> bool:
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


def verify(user: User, otp: str) -> None:
    """Take a code of the app or a recovery code; OtpInvalid, or TooManyOtps after five wrong."""
    with begin_second_factor(user):
        if not _take(user, otp):
            security_event("second_factor_refused", user=user.pk)
            raise OtpInvalid


def begin_enrolment(user: User, *, password: str = "", otp: str = "") -> None:
    """Make a secret for the app to learn; one that is in force stays so until a code confirms.

    By password, or by a code when a second factor is on already.  Raises what confirm_password()
    and verify() do.
    """
    if is_on(user):
        verify(user, otp)
    else:
        confirm_password(user, password)
    SecondFactor.objects.update_or_create(
        user=user, defaults={"pending_secret": totp.new_secret(), "pending_at": timezone.now()}
    )


def pending_secret(user: User) -> str | None:
    """The secret that waits for its first code; None when there is none, or it is too old."""
    factor = SecondFactor.objects.filter(user=user).first()
    return _pending(factor) or None


def confirm_enrolment(user: User, otp: str) -> list[str]:
    """Put the pending secret in force by a code of it; ten recovery codes, never shown again.

    Every other login of the person ends, so that all that live have passed both factors.
    Raises EnrolmentEnded, OtpInvalid and TooManyOtps.
    """
    if not pending_secret(user):
        raise EnrolmentEnded
    with begin_second_factor(user):
        return _confirm(user.pk, otp)


@transact
def _confirm(user_id: int, otp: str) -> list[str]:
    user = User.objects.locked().get(pk=user_id)
    factor = SecondFactor.objects.filter(user=user).first()
    secret = _pending(factor)
    if not secret:
        raise EnrolmentEnded
    step = totp.matching_step(secret, otp)
    if step is None:
        raise OtpInvalid
    factor.secret, factor.pending_secret, factor.pending_at = secret, "", None
    factor.last_step, factor.confirmed_at = step, timezone.now()
    factor.save(
        update_fields=["secret", "pending_secret", "pending_at", "last_step", "confirmed_at"]
    )
    codes = _new_recovery_codes(user)
    revoke_all(user.pk, reason="second_factor")
    notify(user, "second_factor_on", at=_now())
    return codes


def renew_recovery_codes(user: User, otp: str) -> list[str]:
    """Ten new ones for a code; the old ones end.  Raises SecondFactorOff and what verify() does."""
    if not is_on(user):
        raise SecondFactorOff
    verify(user, otp)
    return _renew(user.pk)


@transact
def _renew(user_id: int) -> list[str]:
    user = User.objects.locked().get(pk=user_id)
    if not is_on(user):  # reset meanwhile
        raise SecondFactorOff
    codes = _new_recovery_codes(user)
    notify(user, "recovery_codes_renewed", at=_now())
    return codes


def recovery_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def remove(user: User, *, password: str, otp: str) -> None:
    """Take one's own second factor away by password and code.

    Raises SecondFactorOff, WrongPassword, TooManyAttempts and what verify() does.
    """
    if not is_on(user):
        raise SecondFactorOff
    confirm_password(user, password)
    verify(user, otp)
    _forget(user.pk, "second_factor_off")


@transact
def reset(user_id: int, *, actor: User) -> None:
    """Take somebody else's away who lost app and recovery codes; every login of theirs ends.

    Raises CannotChangeSelf, CannotManage and SecondFactorOff.
    """
    user = User.objects.locked().get(pk=user_id)
    check_may_manage(user, actor=actor, permission="accounts.reset_secondfactor")
    if not is_on(user):
        raise SecondFactorOff
    _forget(user_id, "second_factor_reset")
    revoke_all(user_id, reason="second_factor")


@transact
def _forget(user_id: int, notice: str) -> None:
    user = User.objects.locked().get(pk=user_id)
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    notify(user, notice, at=_now())


def _take(user: User, otp: str) -> bool:
    """Use a code up; False when it is none, or was used before."""
    otp = otp.strip().replace(" ", "")
    if len(otp) == totp.DIGITS and otp.isascii() and otp.isdigit():
        return _take_step(user, otp)
    return _take_recovery_code(user, otp)


def _take_step(user: User, otp: str) -> bool:
    factor = SecondFactor.objects.get(user=user)
    step = totp.matching_step(factor.secret, otp)
    if step is None:
        return False
    fresh = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step)
    return bool(fresh.update(last_step=step))


@transact
def _take_recovery_code(user: User, otp: str) -> bool:
    unused = RecoveryCode.objects.filter(user=user, digest=_digest(user, otp), used_at=None)
    if not unused.update(used_at=timezone.now()):
        return False
    security_event("recovery_code_used", user=user.pk)
    notify(user, "recovery_code_used", at=_now(), left=recovery_codes_left(user))
    return True


def _pending(factor: SecondFactor | None) -> str:
    if factor is None or factor.pending_at is None:
        return ""
    return factor.pending_secret if timezone.now() - factor.pending_at < ENROLMENT_LASTS else ""


def _new_recovery_codes(user: User) -> list[str]:
    codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(user=user, digest=_digest(user, code)) for code in codes]
    )
    return codes


def _new_recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _digest(user: User, code: str) -> str:
    plain = code.strip().replace("-", "").replace(" ", "").upper()
    return sha256(f"{user.pk}:{plain}".encode()).hexdigest()


def _now() -> str:
    return f"{timezone.localtime():%Y年%m月%d日 %H:%M}"
