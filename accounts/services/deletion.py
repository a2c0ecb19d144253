"""Leaving: a cooling-off period, then the person is anonymised and what the law wants stays.

Locks in one order: the person, what lock_holdings() takes, the deletion.
"""

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.audit import move
from accounts.errors import AccountDisabled, DeletionBlocked
from accounts.models import AccountDeletion, DeletionStatus, User, UserStatus
from accounts.services.holdings import Blocker, blockers_of, erase_holdings, lock_holdings
from accounts.services.notifications import notify
from accounts.services.parameters import parameter
from accounts.services.roles import check_may_manage
from accounts.services.sessions import revoke_all
from config.db import transact
from config.errors import DomainError, NotFound
from config.logs import security_event

logger = logging.getLogger(__name__)

REMIND_BEFORE = timedelta(days=1)
POSTPONE = timedelta(days=1)
# Requests and notices that were under way at the end have ended by then.
SECOND_PASS_AFTER = timedelta(hours=1)


def deletion_of(user: User) -> AccountDeletion | None:
    """The pending one."""
    return AccountDeletion.objects.filter(live_user=user.pk).first()


@transact
def request_deletion(user_id: int, *, reason: str = "") -> AccountDeletion:
    """Have one's account deleted after DELETION_COOLING_DAYS; call it once they proved who they
    are.

    Raises DeletionBlocked, AccountDisabled.  A second call gives the first request.
    """
    user = _locked(user_id)
    if user.status != UserStatus.ACTIVE:
        raise AccountDisabled
    if pending := deletion_of(user):
        return pending
    lock_holdings(user)
    _refuse_blocked(user)
    deletion = _begin(user, by=user, reason=reason)
    notify(user, "deletion_requested", due=_day(deletion.due_at))
    return deletion


@transact
def leave_behind(user: User) -> None:
    """Delete an account, locked by the caller, that nobody can log in to any more, after the same
    period; what blocks it only puts that off.  A second call is harmless."""
    if deletion_of(user) is None:
        _begin(user, by=None, reason="登录方式已全部转移到另一个账号")


@transact
def close_with_wechat(user_id: int) -> None:
    """Delete the account of somebody who closed their WeChat, likewise, and tell them while they
    can still stay by another way in.  Staff are not deleted by what happens elsewhere."""
    user = _locked(user_id)
    if user.is_staff or user.is_superuser:
        security_event("wechat_closed", user=user.pk)
    elif user.status != UserStatus.DELETED and deletion_of(user) is None:
        deletion = _begin(user, by=None, reason="微信账号已注销")
        notify(user, "deletion_requested", due=_day(deletion.due_at))


@transact
def cancel_deletion(user_id: int, *, actor: User | None, reason: str = "") -> None:
    """Stay; NotFound when nothing is pending (any more)."""
    user = _locked(user_id)
    deletion = AccountDeletion.objects.locked().filter(live_user=user_id).first()
    if deletion is None:
        raise NotFound
    move(deletion, DeletionStatus.CANCELLED, actor=actor, reason=reason, ended_at=timezone.now())
    User.objects.filter(pk=user_id).update(deletes_at=None)
    notify(user, "deletion_cancelled", at=_moment(timezone.now()))


@transact
def delete_user(user_id: int, *, actor: User | None, reason: str = "") -> None:
    """Anonymise somebody at once, disabled ones too; every login of theirs ends.

    Raises CannotChangeSelf, CannotManage, NotFound, DeletionBlocked, and IllegalTransition for
    somebody who is gone already.
    """
    user = _locked(user_id)
    check_may_manage(user, actor=actor, permission="accounts.delete_user")
    User.TRANSITIONS.check(user.status, UserStatus.DELETED)
    lock_holdings(user)
    _refuse_blocked(user)
    pending = AccountDeletion.objects.locked().filter(live_user=user_id).first()
    deletion = pending or _begin(user, by=actor, reason=reason, due_at=timezone.now())
    _finish(deletion, user, actor=actor, reason=reason)


def finish_due(now: datetime) -> int:
    """Anonymise those whose time has come, remind those whose is near, look once more at those
    who went; how many went.  One that fails stops none of the others."""
    near = AccountDeletion.objects.filter(
        status=DeletionStatus.PENDING, reminded_at=None, due_at__lte=now + REMIND_BEFORE
    )
    for pk in list(near.values_list("pk", flat=True)):
        _try(_remind, pk, now)
    gone = AccountDeletion.objects.filter(
        status=DeletionStatus.DONE, swept_at=None, ended_at__lte=now - SECOND_PASS_AFTER
    )
    for pk in list(gone.values_list("pk", flat=True)):
        _try(_sweep, pk, now)
    due = AccountDeletion.objects.filter(status=DeletionStatus.PENDING, due_at__lte=now)
    return sum(bool(_try(_finish_one, pk, now)) for pk in list(due.values_list("pk", flat=True)))


def _try(step, pk: int, now: datetime):
    try:
        return step(pk, now)
    except DomainError as error:
        logger.warning("deletion %s: %s not done: %s", pk, step.__name__, error)
        return None


@transact
def _remind(deletion_id: int, now: datetime) -> None:
    deletion = AccountDeletion.objects.select_related("user").get(pk=deletion_id)
    pending = AccountDeletion.objects.filter(
        pk=deletion_id, status=DeletionStatus.PENDING, reminded_at=None
    )
    if pending.update(reminded_at=now):
        notify(deletion.user, "deletion_near", due=_day(deletion.due_at))


@transact
def _finish_one(deletion_id: int, now: datetime) -> bool:
    """Under the locks everything is looked at again: whether it was cancelled, and what blocks."""
    user = _locked(AccountDeletion.objects.values_list("user_id", flat=True).get(pk=deletion_id))
    lock_holdings(user)
    due = AccountDeletion.objects.locked().filter(
        pk=deletion_id, status=DeletionStatus.PENDING, due_at__lte=now
    )
    deletion = due.first()
    if deletion is None:
        return False
    if blockers := blockers_of(user):
        _postpone(deletion, user, blockers, now)
        return False
    _finish(deletion, user)
    return True


def _postpone(
    deletion: AccountDeletion, user: User, blockers: list[Blocker], now: datetime
) -> None:
    """Try again tomorrow; the person hears of it whenever the reasons are others than before."""
    codes = [blocker.code for blocker in blockers]
    due_at = now + POSTPONE
    AccountDeletion.objects.filter(pk=deletion.pk).update(
        due_at=due_at, blocked_at=now, blocked_by=codes
    )
    User.objects.filter(pk=user.pk).update(deletes_at=due_at)
    if codes != deletion.blocked_by:
        why = "、".join(blocker.message for blocker in blockers)
        notify(user, "deletion_postponed", why=why, due=_day(due_at))


def _finish(
    deletion: AccountDeletion, user: User, *, actor: User | None = None, reason: str = ""
) -> None:
    """The end.  The last notice goes to where the person could be reached until now; the second
    pass takes it away."""
    reach = {"to": user.phone or "", "to_email": user.email or ""}
    revoke_all(user.pk, reason="deleted")
    move(deletion, DeletionStatus.DONE, actor=actor, ended_at=timezone.now())
    erase_holdings(user)
    move(user, UserStatus.DELETED, actor=actor, reason=reason or "注销", deletes_at=None)
    if any(reach.values()):
        notify(user, "account_deleted", at=_moment(timezone.now()), **reach)


@transact
def _sweep(deletion_id: int, now: datetime) -> None:
    user = _locked(AccountDeletion.objects.values_list("user_id", flat=True).get(pk=deletion_id))
    erase_holdings(user)
    AccountDeletion.objects.filter(pk=deletion_id).update(swept_at=now)


def _begin(
    user: User, *, by: User | None, reason: str, due_at: datetime | None = None
) -> AccountDeletion:
    due_at = due_at or timezone.now() + timedelta(days=parameter("DELETION_COOLING_DAYS"))
    User.objects.filter(pk=user.pk).update(deletes_at=due_at)
    return AccountDeletion.objects.create(
        user=user, requested_by=by, reason=reason[:200], due_at=due_at
    )


def _locked(user_id: int) -> User:
    """Locked against new rows that point at them, too, which locked() would let in."""
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user


def _refuse_blocked(user: User) -> None:
    if blockers := blockers_of(user):
        raise DeletionBlocked(
            blockers=[
                {"code": found.code, "message": found.message, "count": found.count}
                for found in blockers
            ]
        )


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y年%m月%d日}"


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y年%m月%d日 %H:%M}"
