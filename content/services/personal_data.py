"""What content keeps about a person: nothing; see accounts.services.holdings."""

from accounts.models import User
from accounts.services.holdings import Blocker
from content.models import Category, DiseaseTag

HOLDINGS = ()
IMPERSONAL = {Category: "words of ours", DiseaseTag: "words of ours"}


def lock(user: User) -> None:
    """Nothing here decides."""


def blockers(user: User) -> list[Blocker]:
    return []


def erase(user: User) -> None:
    """Nothing here is the person's."""
