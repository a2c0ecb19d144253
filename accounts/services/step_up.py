"""Showing once more that it is you, before what must not happen behind your back.

A confirmation belongs to one login, counts for STEP_UP_SECONDS, and ends with the login or when
the password changes.  It is read from the login's row every time: no cache, no token of its own.
"""

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.errors import (
    AccountDisabled,
    ProofInvalid,
    SessionEnded,
    StepUpRequired,
    WrongPassword,
)
from accounts.models import CodePurpose, LoginSession, User, WeChatIdentity
from accounts.services.lockout import begin_confirmation
from accounts.services.login import exchange
from accounts.services.parameters import parameter
from accounts.services.passwords import confirm_password
from accounts.services.phone_codes import spend_code
from accounts.tokens import Login
from accounts.wechat import wechat_client
from config.db import transact
from config.errors import DomainError, StaleState
from config.logs import security_event


def is_recent(at: datetime | None) -> bool:
    """Whether a confirmation of that moment still counts."""
    age = None if at is None else timezone.now() - at
    return age is not None and age < timedelta(seconds=parameter("STEP_UP_SECONDS"))


def require_step_up(login: Login | None) -> None:
    """Raise StepUpRequired unless this very login was confirmed of late."""
    if isinstance(login, Login):
        live = LoginSession.objects.filter(pk=login.session_id, revoked_at=None)
        if is_recent(live.values_list("stepped_up_at", flat=True).first()):
            return
    raise StepUpRequired(next="step_up")


def step_up(user_id: int, *, login: Login, kind: str, proof: str) -> int:
    """Confirm a login; how many seconds that counts.

    kind: "password", "code" (by SMS to one's own number) or "wx_code" (of one's own WeChat).
    Wrong ones count together (invariants J-5).  Raises ProofInvalid, CodeInvalid,
    TooManyAttempts, what WeChat refuses with, and SessionEnded.
    """
    user = User.objects.get(pk=user_id)
    try:
        _PROOFS[kind](user, proof)
        _note(user, login)
    except DomainError as refusal:
        detail = {"session": login.session_id, "by": kind, "code": refusal.code}
        security_event("step_up_failed", user=user_id, **detail)
        raise
    security_event("step_up", level=logging.INFO, user=user_id, session=login.session_id, by=kind)
    return parameter("STEP_UP_SECONDS")


def confirm_in_office(user: User, password: str) -> None:
    """The same for a login of the back office, which keeps it in its own session.

    Raises ProofInvalid and TooManyAttempts.
    """
    try:
        _by_password(user, password)
    except DomainError as refusal:
        security_event("step_up_failed", user=user.pk, by="back_office", code=refusal.code)
        raise
    security_event("step_up", level=logging.INFO, user=user.pk, by="back_office")


def _by_password(user: User, password: str) -> None:
    try:
        confirm_password(user, password)
    except WrongPassword:
        raise ProofInvalid from None


def _by_code(user: User, code: str) -> None:
    with begin_confirmation(user):
        if not user.phone:
            raise ProofInvalid
        spend_code(user.phone, CodePurpose.STEP_UP, code)


def _by_wechat(user: User, code: str) -> None:
    """The exchange comes first: that WeChat does not answer is nobody's wrong guess."""
    person = exchange(code)
    own = WeChatIdentity.objects.filter(user=user, appid=wechat_client().appid)
    with begin_confirmation(user):
        if not own.filter(openid=person.openid).exists():
            raise ProofInvalid


_PROOFS = {"password": _by_password, "code": _by_code, "wx_code": _by_wechat}


@transact
def _note(known: User, login: Login) -> None:
    """The lock orders this with a change of password: what the old one proved counts no more."""
    user = User.objects.locked().get(pk=known.pk)
    if not user.is_active:
        raise AccountDisabled
    if (user.password, user.phone) != (known.password, known.phone):
        raise StaleState
    now = timezone.now()
    live = LoginSession.objects.filter(pk=login.session_id, user=user, revoked_at=None)
    if not live.filter(expires_at__gt=now).update(stepped_up_at=now):
        raise SessionEnded
