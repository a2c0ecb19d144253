"""What people say about themselves."""

from collections.abc import Iterable
from datetime import date

from accounts.errors import AccountDisabled, VerificationRequired
from accounts.models import User
from config.db import transact

_FREE = {"nickname", "gender", "birthday"}


@transact
def update_profile(
    user_id: int,
    *,
    phone: str | None = None,
    email: str | None = None,
    **changes: str | date | None,
) -> None:
    """Change one's own nickname, gender or birthday.

    phone, email: taken only when they are what is verified already.  Anything else is
    VerificationRequired, whoever it belongs to: an identifier is never set by saying so.
    """
    if unknown := changes.keys() - _FREE:
        raise TypeError(f"update_profile() cannot change {sorted(unknown)}")
    user = _active(user_id)
    for name, value in {"phone": phone, "email": email}.items():
        if value is not None and value != (getattr(user, name) or ""):
            raise VerificationRequired(field=name)
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=[*changes, "updated_at"])


@transact
def set_avatar(user_id: int, *, url: str) -> None:
    """Show that picture of the person.  url: public, and of a file of ours."""
    user = _active(user_id)
    user.avatar = url
    user.save(update_fields=["avatar", "updated_at"])


@transact
def clear_profile(user_id: int, *, names: Iterable[str]) -> None:
    """Forget the nickname or the avatar, or both, whatever became of the account."""
    User.objects.locked().filter(pk=user_id).update(**dict.fromkeys(names, ""))


def _active(user_id: int) -> User:
    """Whoever went while the request was under way says nothing about themselves any more."""
    user = User.objects.locked().get(pk=user_id)
    if not user.is_active:
        raise AccountDisabled
    return user
