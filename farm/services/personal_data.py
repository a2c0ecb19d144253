"""What farm keeps about a person; see accounts.services.holdings.

Agreements stay as they were made: a contract is kept for as long as somebody may go to law over
it, and a changed one proves nothing.  Phones in them are masked.
"""

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.holdings import Blocker, Holding
from farm.models import (
    AgreementFile,
    Animal,
    AnimalClaim,
    AnimalPhoto,
    AnimalUpdate,
    ClaimAgreement,
    ClaimRenewal,
    HealthRecord,
)

HOLDINGS = (
    Holding(
        AnimalClaim,
        clear={"end_reason": "", "end_asked_reason": "", "agreed_from": None},
        keep=("number", "animal_name"),
    ),
    Holding(
        ClaimAgreement, "claim__user", clear={}, keep=("number", "snapshot", "error"),
    ),
    Holding(ClaimRenewal, "claim__user", clear={}),
    Holding(
        AgreementFile, "agreement__claim__user", clear={}, keep=("content", "sha256"),
        hidden=("content",),
    ),
)  # fmt: skip
IMPERSONAL = {
    Animal: "about an animal",
    AnimalPhoto: "about an animal",
    AnimalUpdate: "about an animal",
    HealthRecord: "about an animal",
}


def lock(user: User) -> None:
    """Whoever claims for the person holds an order of theirs, which commerce locks."""


def blockers(user: User) -> list[Blocker]:
    live = AnimalClaim.objects.live().order_by()
    counts = {
        "claims": (_("有尚未结束的动物认领"), live.filter(user=user)),
        "claimed_animals": (
            _("作为农场主，有尚未结束的动物认领"), live.filter(merchant__user=user),
        ),
    }  # fmt: skip
    found = {code: (words, rows.count()) for code, (words, rows) in counts.items()}
    return [Blocker(code, words, count) for code, (words, count) in found.items() if count]


def erase(user: User) -> None:
    """Clearing the columns is all."""
