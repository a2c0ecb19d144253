"""Counselors with time, and people who may book them."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import factory
from django.utils import timezone

from accounts.models import AgreementKind
from accounts.services.consents import current_agreement, give_consent
from commerce.models import Payment
from config.days import day_start
from counseling.models import (
    Appointment,
    ClientProfile,
    Counselor,
    CounselorApplication,
    CounselorStatus,
    Location,
    Mode,
    Qualification,
    Review,
    Service,
    TimeSlot,
    WeeklyTemplate,
)
from counseling.services.appointments import book
from counseling.services.qualifications import FOR_EVER
from counseling.services.reviews import write_review
from tests.factories.accounts import UserFactory
from tests.factories.commerce import pay as pay_order


class CounselorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Counselor
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"咨询师{n}")
    status = CounselorStatus.PUBLISHED
    qualified_until = FOR_EVER  # as if a qualification without an end had been approved


class LocationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Location

    counselor = factory.SubFactory(CounselorFactory)
    city = "上海"
    address = "静安区南京西路 1 号"


class QualificationFactory(factory.django.DjangoModelFactory):
    """Waits for staff; approve_qualification() makes it count."""

    class Meta:
        model = Qualification

    user = factory.SubFactory(UserFactory)
    kind = "registration"
    number = "X-2021-000123"
    issuer = "中国心理学会"
    issued_on = date(2021, 3, 1)
    submitted_at = factory.LazyFunction(timezone.now)


class ApplicationFactory(factory.django.DjangoModelFactory):
    """Waits for staff."""

    class Meta:
        model = CounselorApplication

    user = factory.SubFactory(UserFactory)
    name = "周田田"
    bio = "从业十年"
    status = "pending"
    submitted_at = factory.LazyFunction(timezone.now)


class ServiceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Service

    counselor = factory.SubFactory(CounselorFactory)
    price = Decimal("300.00")

    @factory.lazy_attribute
    def location(self):
        face_to_face = getattr(self, "mode", None) == Mode.OFFLINE
        return LocationFactory(counselor=self.counselor) if face_to_face else None


class SlotFactory(factory.django.DjangoModelFactory):
    """Free slots of 50 minutes, one each hour from ten in the morning three days ahead on.

    Each test begins with the first (tests/conftest.py): whatever the hour at which it runs and
    whatever ran before, a handful of slots lies on one day, later than any notice or deadline.
    """

    class Meta:
        model = TimeSlot

    counselor = factory.SubFactory(CounselorFactory)
    start_at = factory.Sequence(
        lambda n: day_start(timezone.localdate()) + timedelta(days=3, hours=10 + n % 400)
    )
    end_at = factory.LazyAttribute(lambda slot: slot.start_at + timedelta(minutes=50))


class WeeklyTemplateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WeeklyTemplate

    counselor = factory.SubFactory(CounselorFactory)


class ClientProfileFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ClientProfile

    user = factory.SubFactory(UserFactory)
    name = "李雷"
    birth_date = date(1990, 5, 1)


def consent(user) -> None:
    """Let `user` agree to the booking agreement in force."""
    version = current_agreement(AgreementKind.BOOKING).version
    give_consent(user, kind=AgreementKind.BOOKING, version=version, ip_address=None)


def booker(**fields) -> ClientProfile:
    """A person who may book, by their one client profile."""
    client = ClientProfileFactory(**fields)
    consent(client.user)
    return client


def offer(**fields) -> tuple[TimeSlot, Service]:
    """A free slot and a service of the same published counselor."""
    service = ServiceFactory(**fields)
    return SlotFactory(counselor=service.counselor), service


def booked(client: ClientProfile | None = None, *, slot=None, service=None, **options):
    """A pending appointment, made the way clients make it."""
    client = client or booker()
    if slot is None:
        slot, service = offer()
    service = service or ServiceFactory(counselor=slot.counselor)
    order = book(
        user=client.user, slot_id=slot.pk, service_id=service.pk, client_id=client.pk, **options
    )
    return Appointment.objects.get(order_item__order=order)


def pay(appointment: Appointment) -> Payment:
    """Money came for the appointment's order: it is confirmed."""
    payment = pay_order(appointment.order_item.order)
    appointment.refresh_from_db()
    return payment


def confirmed(client: ClientProfile | None = None, **kwargs) -> Appointment:
    appointment = booked(client, **kwargs)
    pay(appointment)
    return appointment


def completed(
    client: ClientProfile | None = None, *, start_at: datetime | None = None, **kwargs
) -> Appointment:
    """A session that took place, at `start_at` if that matters."""
    appointment = confirmed(client, **kwargs)
    began = {"start_at": start_at} if start_at else {}
    Appointment.objects.filter(pk=appointment.pk).update(status="completed", **began)
    appointment.refresh_from_db()
    return appointment


def reviewed(appointment: Appointment | None = None, *, rating: int = 5, **said) -> Review:
    appointment = appointment or completed()
    return write_review(appointment.pk, user=appointment.user, rating=rating, **said)
