"""What staff decide about something somebody submitted."""

from django.utils import timezone

from accounts.audit import move
from accounts.errors import CannotChangeSelf
from accounts.models import Reviewed, User
from config.errors import ReasonNeeded


def decide(row: Reviewed, to: str, *, actor: User | None, own: bool, reason: str | None) -> None:
    """Move a row whose lock the caller holds, with who decided, when and why.

    own: it is the actor's, who has no say then (CannotChangeSelf).  reason: for its owner;
    ReasonNeeded when it is blank, None where none is asked for.
    """
    if own:
        raise CannotChangeSelf
    if reason is not None and not reason.strip():
        raise ReasonNeeded
    reason = reason or ""
    move(
        row, to, actor=actor, reason=reason, reviewed_at=timezone.now(), reviewed_by=actor,
        review_note=reason[:200],
    )  # fmt: skip
