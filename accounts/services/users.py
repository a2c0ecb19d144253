"""Whether somebody may use their account."""

from datetime import date

from accounts.audit import move
from accounts.models import LoginSession, User, UserStatus
from accounts.services import lockout
from accounts.services.notifications import notify
from accounts.services.password_history import require_change
from accounts.services.roles import check_may_manage, keep_a_super_admin, super_admins
from accounts.services.sessions import revoke_all, revoke_session
from config.changes import note_change, set_fields
from config.db import transact
from config.errors import IllegalTransition


@transact
def disable_user(user_id: int, *, actor: User | None, reason: str = "") -> User:
    """Lock somebody out; every login of theirs ends at once.

    Raises CannotChangeSelf, CannotManage (a super admin, by anybody less), LastSuperAdmin and
    IllegalTransition.
    """
    user = _locked(user_id, actor)
    if super_admins().filter(pk=user.pk).exists():
        keep_a_super_admin(without=user)
    move(user, UserStatus.DISABLED, actor=actor, reason=reason)
    revoke_all(user.pk, reason="disabled")
    return user


@transact
def enable_user(user_id: int, *, actor: User | None, reason: str = "") -> User:
    """Let somebody in again, by the same rules; they log in anew."""
    user = _locked(user_id, actor)
    move(user, UserStatus.ACTIVE, actor=actor, reason=reason)
    notify(user, "account_enabled")
    return user


@transact
def change_user(user_id: int, *, actor: User, **changes: str | date | None) -> User:
    """Change somebody's nickname, gender or birthday, by the same rules.

    IllegalTransition for somebody who is gone.  Identifiers change only with a proof of the
    person's own (invariants J-9).
    """
    if unknown := changes.keys() - {"nickname", "gender", "birthday"}:
        raise TypeError(f"change_user() cannot change {sorted(unknown)}")
    user = _locked(user_id, actor, permission="accounts.change_user")
    if user.status == UserStatus.DELETED:
        raise IllegalTransition
    set_fields(user, changes)
    user.save(update_fields=[*changes, "updated_at"])
    return user


@transact
def unlock_user(user_id: int, *, actor: User | None) -> User:
    """Forget somebody's failed logins, so that they may try again at once; by the same rules."""
    user = _locked(user_id, actor)
    if counters := lockout.unlock(user):
        note_change(user, {"failed_logins": (counters, 0)})
    return user


@transact
def require_new_password(user_id: int, *, actor: User | None) -> User:
    """Have somebody change their password with the next login; every login of theirs ends.

    By the same rules; harmless again, and for somebody who has no password.
    """
    user = _locked(user_id, actor)
    if user.has_usable_password():
        require_change(user)
        note_change(user, {"must_change": (None, True)})
    revoke_all(user.pk, reason="password")
    return user


def end_session(session_id: int, *, actor: User) -> None:
    """End one login of anybody's; a super admin's only by another one."""
    session = LoginSession.objects.select_related("user").get(pk=session_id)
    if session.user_id != actor.pk:
        check_may_manage(session.user, actor=actor, permission="accounts.revoke_loginsession")
    revoke_session(session, reason="staff")
    note_change(session, {"revoked": (None, "staff")})


def _locked(user_id: int, actor: User | None, *, permission: str = "accounts.disable_user") -> User:
    user = User.objects.locked().get(pk=user_id)
    check_may_manage(user, actor=actor, permission=permission)
    return user
