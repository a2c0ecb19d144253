"""May this person have this slot, and what would it cost: the rules of booking."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.errors import AgreementNotCurrent, ConsentRequired
from accounts.models import Agreement, AgreementKind, Consent, User, UserStatus
from accounts.services.consents import current_agreement
from accounts.services.parameters import parameter
from commerce.payables import Want
from config.errors import DomainError
from config.prepared import Prepared
from counseling import errors
from counseling.models import (
    Appointment,
    AppointmentStatus,
    ClientProfile,
    Mode,
    ServiceKind,
    SlotStatus,
    TimeSlot,
    practising,
)
from counseling.services.calendar import age_on, horizon_end, is_child
from counseling.services.load import check_load
from counseling.services.slots import move_slot

ADULT = 18
# Whoever has one of these is no newcomer to the counselor.
MET = (
    AppointmentStatus.CONFIRMED,
    AppointmentStatus.IN_PROGRESS,
    AppointmentStatus.COMPLETED,
)
NOTE_LENGTH = 500


@dataclass(frozen=True)
class Booking:
    """What was agreed: everything an appointment copies, and the names to show it with."""

    user_id: int
    client_id: int
    client_name: str
    counselor_id: int
    counselor_name: str
    service_id: int
    slot_id: int
    agreement_id: int
    kind: str
    mode: str
    start_at: datetime
    end_at: datetime
    price: Decimal
    note: str

    @property
    def title(self) -> str:
        minutes = (self.end_at - self.start_at) // timedelta(minutes=1)
        kind, mode = ServiceKind(self.kind).label, Mode(self.mode).label
        return f"{self.counselor_name} {kind}·{mode} {minutes} 分钟"


def take_slot(user: User, want: Want, *, now: datetime | None = None) -> Booking:
    """Hold the slot `want` names for `user`, or refuse and write nothing.

    Three statements: the slot is taken if it is still free (S-1), so whoever comes too late is
    gone at once; the person's client profiles are locked, so that their bookings come one after
    the other (S-3); then everything that decides is looked at together.  A counselor who limits
    their days costs two more (check_load).  Call it inside the transaction that places the
    order: a refusal undoes the first.
    """
    now = now or timezone.now()
    if not move_slot(want.target_id, SlotStatus.OPEN, SlotStatus.HELD):
        raise why_not_free(user.pk, want.target_id)
    client = lock_client(user.pk, _number(want.options.get("client_id")))
    agreement = current_agreement(AgreementKind.BOOKING)
    row = _look(user, want, agreement, now)
    _check_slot(row, user, now)
    _check_service(row, want)
    _check_consent(row, agreement, want)
    _check_client(client, timezone.localdate(now))
    _check_person(row)
    check_load(
        row["counselor_id"],
        row["start_at"],
        per_day=row["counselor__max_per_day"],
        per_week=row["counselor__max_per_week"],
    )
    return Booking(
        user_id=user.pk,
        client_id=client["pk"],
        client_name=client["name"],
        counselor_id=row["counselor_id"],
        counselor_name=row["counselor__name"],
        service_id=row["service__pk"],
        slot_id=row["pk"],
        agreement_id=agreement.pk,
        kind=row["service__kind"],
        mode=row["service__mode"],
        start_at=row["start_at"],
        end_at=row["start_at"] + timedelta(minutes=row["service__minutes"]),
        price=_price(row),
        note=str(want.options.get("note") or "")[:NOTE_LENGTH],
    )


_owned = Prepared(
    lambda slot: TimeSlot.objects.filter(pk=slot).order_by().values("status", "counselor__user_id")
)


def why_not_free(user_id: int, slot_id: int) -> DomainError:
    """The refusal for a slot that is not open."""
    row = _owned.first(slot=slot_id)
    if row is None:
        return errors.SlotUnknown()
    if row["counselor__user_id"] == user_id:
        return errors.OwnSlot()
    if row["status"] == SlotStatus.CLOSED:
        return errors.SlotNotBookable(reason="closed")
    return errors.SlotTaken(slot_id=slot_id)


_profiles = Prepared(
    lambda user: (
        ClientProfile.objects.locked()
        .filter(user_id=user)
        .values(
            "pk", "name", "birth_date", "guardian_phone", "guardian_consented_at", "archived_at"
        )
    )
)


def lock_client(user_id: int, client_id: int) -> dict | None:
    """The wanted profile, once nobody else books for that person.

    All profiles of the person are locked, oldest first.  None is ever deleted, so two bookings
    always meet at the oldest.  The user's own row would do too, but an idempotency record
    shares its lock already, and two of them would wait for each other on MariaDB.
    """
    return next((row for row in _profiles(user=user_id) if row["pk"] == client_id), None)


def _facts(
    slot: int, user: int, service: int, agreement: int, besides: int, now: datetime
) -> QuerySet:
    live = Appointment.objects.live().filter(~Q(pk=besides), user_id=user).order_by()
    unpaid = live.filter(status=AppointmentStatus.PENDING_PAYMENT).values("user_id")
    consents = Consent.objects.filter(user_id=user, agreement_id=agreement, withdrawn_at=None)
    clash = live.filter(start_at__lt=OuterRef("end_at"), end_at__gt=OuterRef("start_at"))
    met = Appointment.objects.filter(
        user_id=user, counselor_id=OuterRef("counselor_id"), status__in=MET
    ).order_by()
    rows = TimeSlot.objects.order_by().annotate(
        service=FilteredRelation(
            "counselor__services", condition=Q(counselor__services__pk=service)
        ),
        consented=Exists(consents),
        holds=Coalesce(Subquery(unpaid.annotate(number=Count("pk")).values("number")), 0),
        clashes=Exists(clash),
        known=Exists(met),
        practising=ExpressionWrapper(practising(now, "counselor__"), BooleanField()),
    )
    return rows.filter(pk=slot).values(
        "pk", "start_at", "end_at", "counselor_id", "consented", "holds", "clashes", "known",
        "practising", "counselor__name", "counselor__user_id", "counselor__user__status",
        "counselor__min_notice_minutes", "counselor__max_per_day", "counselor__max_per_week",
        "service__pk", "service__kind", "service__mode",
        "service__minutes", "service__price", "service__first_price", "service__is_active",
    )  # fmt: skip


# besides: the appointment that is to move there, 0 when booking.
facts_of = Prepared(_facts)


def _look(user: User, want: Want, agreement: Agreement | None, now: datetime) -> dict:
    """The slot with its counselor, the wanted service, and what of `user` speaks against it."""
    return facts_of.first(
        slot=want.target_id,
        user=user.pk,
        service=_number(want.options.get("service_id")),
        agreement=agreement.pk if agreement else 0,
        besides=0,
        now=now,
    )


def _check_slot(row: dict, user: User, now: datetime) -> None:
    if row["counselor__user_id"] == user.pk:
        raise errors.OwnSlot
    reason = why_not(row, now)
    if reason:
        raise errors.SlotNotBookable(reason=reason)


def why_not(row: dict, now: datetime) -> str | None:
    """The reason why nobody may book that time at `now`; see errors.SlotNotBookable."""
    if not row["practising"] or row["counselor__user__status"] != UserStatus.ACTIVE:
        return "counselor"
    if row["start_at"] <= now:
        return "past"
    if row["start_at"] < now + timedelta(minutes=row["counselor__min_notice_minutes"]):
        return "too_soon"
    if row["start_at"] >= horizon_end(now):
        return "too_far"
    return None


def _price(row: dict) -> Decimal:
    """The first price is that of the first session with this counselor, whoever it is for."""
    first = row["service__first_price"]
    return row["service__price"] if first is None or row["known"] else first


def _check_service(row: dict, want: Want) -> None:
    if not row["service__is_active"] or want.quantity != 1:
        raise errors.ServiceNotOffered
    check_length(row, row["service__minutes"])


def check_length(row: dict, minutes: int) -> None:
    length = (row["end_at"] - row["start_at"]) // timedelta(minutes=1)
    if minutes > length:
        raise errors.ServiceTooLong(service_minutes=minutes, slot_minutes=length)


def _check_consent(row: dict, agreement: Agreement | None, want: Want) -> None:
    version = agreement.version if agreement else None
    wanted = want.options.get("agreement_version")
    if wanted is not None and wanted != version:
        raise AgreementNotCurrent(kind=AgreementKind.BOOKING, version=version)
    if agreement is None or not row["consented"]:
        raise ConsentRequired(kind=AgreementKind.BOOKING, version=version)


def _check_client(client: dict | None, today: date) -> None:
    if client is None or client["archived_at"] is not None:
        raise errors.ClientProfileUnknown
    minor = age_on(client["birth_date"], today) < ADULT
    if minor and client["guardian_consented_at"] is None:
        raise errors.GuardianConsentNeeded(client_id=client["pk"])
    if is_child(client["birth_date"], today) and not client["guardian_phone"]:
        raise errors.GuardianContactNeeded


def _check_person(row: dict) -> None:
    at_most = parameter("MAX_UNPAID_HOLDS")
    if row["holds"] >= at_most:
        raise errors.TooManyHolds(at_most=at_most)
    if row["clashes"]:
        raise errors.OverlappingAppointment


def _number(value) -> int:
    """An id out of somebody's options; 0, which nothing has, when it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
