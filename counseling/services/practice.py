"""What counselors say of themselves and offer; of those on offer clients read it at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from accounts.audit import move
from accounts.models import User
from config.changes import set_fields
from config.db import transact
from config.errors import NotFound
from counseling.errors import (
    LastService,
    LocationInUse,
    LocationNeeded,
    LocationUnknown,
    ServiceExists,
)
from counseling.models import Counselor, CounselorStatus, Location, Mode, Service
from counseling.services.counselors import check_complete, put_specialties, refresh_lowest_price
from counseling.services.schedule import open_slots

# What staff looked at when they let somebody in: changed by staff alone once it is on offer.
REVIEWED = ("name", "gender")


@transact
def change_profile(
    *, user: User, specialty_ids: Sequence[int] | None = None, **fields
) -> Counselor:
    """Change one's own profile; what was REVIEWED stays once it has been published.

    Whether holidays count changes which slots there are: they are made anew with it.
    """
    counselor = own_counselor(user)
    if counselor.status in {CounselorStatus.PUBLISHED, CounselorStatus.SUSPENDED}:
        fields = {name: value for name, value in fields.items() if name not in REVIEWED}
    holidays = counselor.works_on_holidays
    _set(counselor, fields)
    if counselor.works_on_holidays != holidays:
        open_slots(counselor.pk)
    if specialty_ids is not None:
        put_specialties(counselor, specialty_ids)
    return counselor


@transact
def submit_profile(*, user: User) -> Counselor:
    """Ask staff to publish it; CounselorIncomplete as when they do."""
    counselor = own_counselor(user)
    check_complete(counselor)
    move(counselor, CounselorStatus.REVIEWING, actor=user)
    return counselor


@transact
def add_service(*, user: User, location_id: int | None = None, **fields) -> Service:
    """Offer something at a price; ServiceExists, LocationUnknown, LocationNeeded."""
    counselor = own_counselor(user)
    service = Service(counselor=counselor, location=_place(counselor, location_id), **fields)
    with _one_of_a_kind(service):
        service.save(force_insert=True)
    refresh_lowest_price(counselor.pk)
    return service


@transact
def change_service(service_id: int, *, user: User, **fields) -> Service:
    """Change one's own, or take it off (is_active); booked sessions keep what was agreed.

    LastService when clients could book nothing any more; else as add_service().
    """
    counselor = own_counselor(user)
    service = Service.objects.locked().filter(pk=service_id, counselor=counselor).first()
    if service is None:
        raise NotFound
    if "location_id" in fields:
        fields["location"] = _place(counselor, fields.pop("location_id"))
    set_fields(service, fields)
    with _one_of_a_kind(service):
        service.save(update_fields=[*fields, "updated_at"])
    refresh_lowest_price(counselor.pk)
    on_offer = counselor.services.filter(is_active=True).exists()
    if counselor.status == CounselorStatus.PUBLISHED and not on_offer:
        raise LastService
    return service


@transact
def add_location(*, user: User, **fields) -> Location:
    return Location.objects.create(counselor=own_counselor(user), **fields)


@transact
def change_location(location_id: int, *, user: User, **fields) -> Location:
    location = _own_location(location_id, user)
    _set(location, fields)
    return location


@transact
def delete_location(location_id: int, *, user: User) -> None:
    """LocationInUse while a service takes place there, one that was taken off too."""
    location = _own_location(location_id, user)
    if location.services.exists():
        raise LocationInUse
    location.delete()


def own_counselor(user: User) -> Counselor:
    """The caller's own profile, locked: whatever they do to their practice comes one by one."""
    counselor = Counselor.objects.visible_to(user).locked().first()
    if counselor is None:
        raise NotFound
    return counselor


def _own_location(location_id: int, user: User) -> Location:
    location = own_counselor(user).locations.filter(pk=location_id).first()
    if location is None:
        raise NotFound
    return location


def _place(counselor: Counselor, location_id: int | None) -> Location | None:
    if location_id is None:
        return None
    location = counselor.locations.filter(pk=location_id).first()
    if location is None:
        raise LocationUnknown
    return location


@contextmanager
def _one_of_a_kind(service: Service) -> Iterator[None]:
    """Around its saving: LocationNeeded, ServiceExists."""
    if service.is_active and service.mode == Mode.OFFLINE and service.location is None:
        raise LocationNeeded
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise ServiceExists from None


def _set(row: Counselor | Location, fields: dict) -> None:
    set_fields(row, fields)
    row.save(update_fields=[*fields, "updated_at"])
