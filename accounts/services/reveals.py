"""Showing staff one value in full that everybody else sees masked (invariant P-4).

Who may, and that it stands in the operation log, is the caller's: accounts.audit.log_request().
"""

from django.db.models import Model
from django.utils import timezone

from accounts.errors import FieldUnreadable, TooManyReveals
from accounts.models import User
from accounts.services import limits
from config.sealing import Unreadable

PER_HOUR = 60
HOUR = 3600


def reveal(row: Model, field: str, *, actor: User) -> str:
    """The whole value of one of row.REVEALABLE; each time counts for the actor's hour.

    Raises TooManyReveals and FieldUnreadable.
    """
    if field not in row.REVEALABLE:
        raise ValueError(f"{field} of {row._meta.label} is not revealed")
    _take_one(actor)
    value = getattr(row, field)
    if isinstance(value, Unreadable):
        raise FieldUnreadable
    return value or ""


def _take_one(actor: User) -> None:
    """Counted in a table: a limit that guards people's data does not vanish with the cache."""
    now = timezone.now()
    key = f"reveal:{actor.pk}:{now:%Y%m%d%H}"
    limits.make_counters([key])
    if not limits.spend_budget(key, PER_HOUR):
        raise TooManyReveals(retry_after=HOUR - now.minute * 60 - now.second)
