"""What media keeps about a person; see accounts.services.holdings."""

from accounts.models import User
from accounts.services.holdings import Blocker, Holding
from media.models import OF_THE_BUSINESS, File, FileStatus, FileUsage
from media.services.files import let_go

HOLDINGS = (
    # Deleted rows stay until their bytes are gone.
    Holding(
        File, "owner", clear={"original_name": ""}, keep=("key", "sha256", "content_type"),
        hidden=("key",),
    ),
    Holding(FileUsage, clear={}),
)  # fmt: skip
IMPERSONAL = {}


def lock(user: User) -> None:
    """Files hold nobody back."""


def blockers(user: User) -> list[Blocker]:
    return []


def erase(user: User) -> None:
    """Uploads under way too: they cannot finish any more.  The bytes go after the commit."""
    own = File.objects.locked().filter(owner=user).exclude(purpose__in=OF_THE_BUSINESS)
    for file in own.exclude(status=FileStatus.DELETED):
        let_go(file, reason="账号注销")
