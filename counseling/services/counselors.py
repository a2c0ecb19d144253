from collections.abc import Iterable
from datetime import datetime

from django.db.models import Min
from django.utils import timezone

from accounts.audit import move
from accounts.errors import CannotChangeSelf
from accounts.models import User
from accounts.services.notifications import notify
from accounts.services.roles import assign_role
from config.db import transact
from config.errors import NotFound, ReasonNeeded
from content.models import DiseaseTag
from counseling.errors import CounselorIncomplete, SpecialtyUnknown
from counseling.models import Counselor, CounselorStatus, LeaveKind, LeaveRequest, LeaveStatus
from counseling.models.counselors import Profile
from counseling.services import absence
from counseling.services.affected import end_holds

ROLE = "counselor"


@transact
def publish(counselor_id: int, *, actor: User | None) -> Counselor:
    """Let clients find and book a counselor; CounselorIncomplete as check_complete().

    The person behind it gets the role of a counselor; nobody publishes themselves
    (CannotChangeSelf).  After a suspension, slots that it closed are free again and sessions
    that nobody handled yet are kept; what was handled stays as it is.
    """
    now = timezone.now()
    counselor = absence.lock_schedule(counselor_id, now, None, now)
    if actor is not None and actor.pk == counselor.user_id:
        raise CannotChangeSelf
    check_complete(counselor)
    move(counselor, CounselorStatus.PUBLISHED, actor=actor)
    _end_suspension(counselor_id, actor, now)
    refresh_lowest_price(counselor_id)
    assign_role(counselor.user_id, ROLE, actor=None)
    notify(counselor.user, "counselor_published")
    return counselor


@transact
def send_back(counselor_id: int, *, actor: User, reason: str = "") -> Counselor:
    """Give a profile that waits back to its counselor, to be changed; ReasonNeeded without one."""
    counselor = _locked(counselor_id)
    if not reason.strip():
        raise ReasonNeeded
    move(counselor, CounselorStatus.DRAFT, actor=actor, reason=reason)
    notify(counselor.user, "counselor_sent_back", reason=reason[:200])
    return counselor


def check_complete(counselor: Counselor, *, now: datetime | None = None) -> None:
    """CounselorIncomplete without a service on offer and a valid qualification; of a locked row."""
    qualified = counselor.qualified_until and counselor.qualified_until > (now or timezone.now())
    needed = {
        "services": counselor.services.filter(is_active=True).exists(),
        "qualifications": qualified,
    }
    if missing := [name for name, there in needed.items() if not there]:
        raise CounselorIncomplete(missing=missing)


def suspend(
    counselor_id: int, *, actor: User | None, reason: str = "", now: datetime | None = None
) -> Counselor:
    """Hide a counselor from search and booking, and have what is booked handled as for leave.

    Free slots close; unpaid bookings end at once, each in a transaction of its own.
    """
    now = now or timezone.now()
    counselor, suspension = _suspend(counselor_id, actor=actor, reason=reason, now=now)
    end_holds(suspension.pk, actor=actor, now=now)
    return counselor


@transact
def _suspend(counselor_id: int, *, actor: User | None, reason: str, now: datetime):
    counselor = absence.lock_schedule(counselor_id, now, None, now)
    move(counselor, CounselorStatus.SUSPENDED, actor=actor, reason=reason)
    suspension = LeaveRequest.objects.create(
        counselor=counselor,
        kind=LeaveKind.SUSPENSION,
        status=LeaveStatus.APPROVED,
        start_at=now,
        reason=reason,
        requested_by=actor,
        reviewed_by=actor,
        reviewed_at=now,
    )
    absence.begin(suspension, now=now)
    return counselor, suspension


def _end_suspension(counselor_id: int, actor: User | None, now: datetime) -> None:
    running = LeaveRequest.objects.running(counselor_id).filter(kind=LeaveKind.SUSPENSION)
    for suspension in running.locked():
        move(suspension, LeaveStatus.ENDED, actor=actor, reason="重新上架")
        absence.end(suspension, actor=actor, now=now)


@transact
def set_specialties(counselor_id: int, *, tag_ids: Iterable[int]) -> None:
    """Say what a counselor helps with; SpecialtyUnknown for a tag that is not in use."""
    put_specialties(_locked(counselor_id), tag_ids)


def put_specialties(profile: Profile, tag_ids: Iterable[int]) -> None:
    """The same for a locked row, a counselor or an application."""
    wanted = set(tag_ids)
    found = set(DiseaseTag.objects.active().filter(pk__in=wanted).values_list("pk", flat=True))
    if wanted - found:
        raise SpecialtyUnknown(ids=sorted(wanted - found))
    profile.specialties.set(wanted)


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
