from collections.abc import Iterable

from django.db.models import Min

from accounts.audit import move
from accounts.errors import CannotChangeSelf
from accounts.models import User
from accounts.services.roles import assign_role
from config.db import transact
from config.errors import NotFound
from content.models import DiseaseTag
from counseling.errors import CounselorIncomplete, SpecialtyUnknown
from counseling.models import Counselor, CounselorStatus

ROLE = "counselor"


@transact
def publish(counselor_id: int, *, actor: User | None) -> Counselor:
    """Let clients find and book a counselor; CounselorIncomplete without a service on offer.

    The person behind it gets the role of a counselor; nobody publishes themselves
    (CannotChangeSelf).
    """
    counselor = _locked(counselor_id)
    if actor is not None and actor.pk == counselor.user_id:
        raise CannotChangeSelf
    if not counselor.services.filter(is_active=True).exists():
        raise CounselorIncomplete(missing=["services"])
    move(counselor, CounselorStatus.PUBLISHED, actor=actor)
    refresh_lowest_price(counselor_id)
    assign_role(counselor.user_id, ROLE, actor=None)
    return counselor


@transact
def suspend(counselor_id: int, *, actor: User | None, reason: str = "") -> Counselor:
    """Hide a counselor from search and booking; what is booked already stays."""
    counselor = _locked(counselor_id)
    move(counselor, CounselorStatus.SUSPENDED, actor=actor, reason=reason)
    return counselor


@transact
def set_specialties(counselor_id: int, *, tag_ids: Iterable[int]) -> None:
    """Say what a counselor helps with; SpecialtyUnknown for a tag that is not in use."""
    wanted = set(tag_ids)
    counselor = _locked(counselor_id)
    found = set(DiseaseTag.objects.active().filter(pk__in=wanted).values_list("pk", flat=True))
    if wanted - found:
        raise SpecialtyUnknown(ids=sorted(wanted - found))
    counselor.specialties.set(wanted)


def refresh_lowest_price(counselor_id: int) -> None:
    """Call after a counselor's services changed: lists sort by what is on offer."""
    offered = Counselor.objects.filter(pk=counselor_id, services__is_active=True)
    lowest = offered.aggregate(lowest=Min("services__price"))["lowest"]
    Counselor.objects.filter(pk=counselor_id).update(lowest_price=lowest)


def _locked(counselor_id: int) -> Counselor:
    counselor = Counselor.objects.locked().filter(pk=counselor_id).first()
    if counselor is None:
        raise NotFound
    return counselor
