"""Rows to measure on: the same ones every time, through bulk inserts."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import AgreementKind, Role, User, UserTag, UserTagging, WeChatIdentity
from accounts.services.consents import current_agreement, give_consent, publish_agreement
from accounts.services.roles import assign_role
from accounts.services.sessions import Device, open_session
from content.models import DiseaseTag
from counseling.models import ClientProfile, Counselor, Location, Service, TimeSlot
from counseling.services.qualifications import FOR_EVER

SCALES = {"small": (200, 40), "full": (2000, 100)}  # counselors, slots of each
OPENID = "oBench0000000000000000000001"


@dataclass
class Seeded:
    """What the requests name."""

    user: User
    tokens: dict[str, str]  # by who asks
    client_id: int
    counselor_id: int
    service_id: int
    slot_ids: list[int] = field(default_factory=list)


def seed(scale: str = "small", *, appid: str) -> Seeded:
    """Fill an empty, migrated database."""
    counselors, slots = SCALES[scale]
    user = User.objects.create(username="bench", nickname="测速", phone="13800138000")
    WeChatIdentity.objects.create(user=user, appid=appid, openid=OPENID)
    agreement = current_agreement(AgreementKind.BOOKING) or publish_agreement(
        kind=AgreementKind.BOOKING, title="预约协议", body="正文"
    )
    give_consent(user, kind=AgreementKind.BOOKING, version=agreement.version, ip_address=None)
    client = ClientProfile.objects.create(user=user, name="林小满", birth_date="1995-05-20")
    staff = User.objects.create(username="bench-staff")
    assign_role(staff.pk, "admin", actor=None)
    practices = _counselors(counselors)
    _tags(practices)
    _roles(practices)
    studios = Location.objects.bulk_create(
        Location(counselor=practice, city="上海", address="南京西路 1 号") for practice in practices
    )
    services = Service.objects.bulk_create(
        Service(
            counselor=practice,
            mode=mode,
            price=Decimal(300 + n % 7 * 50),
            location=studios[n] if mode == "offline" else None,
        )
        for n, practice in enumerate(practices)
        for mode in ("video", "voice", "offline")
    )
    TimeSlot.objects.bulk_create(_slots(practices, slots), batch_size=2000)
    mine = practices[0]
    return Seeded(
        user=user,
        tokens={
            name: open_session(person, method="bench", device=Device()).access
            for name, person in (("user", user), ("staff", staff))
        },
        client_id=client.pk,
        counselor_id=mine.pk,
        service_id=services[0].pk,
        slot_ids=list(_far_apart(mine)),
    )


def _counselors(count: int) -> list[Counselor]:
    people = User.objects.bulk_create(User(username=f"bench{n}") for n in range(count))
    return Counselor.objects.bulk_create(
        Counselor(
            user=person, name=f"咨询师{n}", title="国家二级心理咨询师", status="published",
            bio="擅长情绪与关系。" * 20, city="上海", gender="female", languages=["普通话", "英语"],
            orientation="认知行为", practice_years=n % 20, practice_hours=n * 10,
            rating=Decimal(n % 500) / 100, rating_count=n % 90, lowest_price=300,
            qualified_until=FOR_EVER, avatar="https://cdn.example.com/a.png",
        )
        for n, person in enumerate(people)
    )  # fmt: skip


def _tags(practices: list[Counselor]) -> None:
    tags = DiseaseTag.objects.bulk_create(
        DiseaseTag(name=f"方向{n}", sort_order=n) for n in range(20)
    )
    through = Counselor.specialties.through
    through.objects.bulk_create(
        through(counselor_id=practice.pk, diseasetag_id=tags[(n + step * 3) % 20].pk)
        for n, practice in enumerate(practices)
        for step in range(3)
    )


def _roles(practices: list[Counselor]) -> None:
    """Every other one has the counselors' role, every fourth a tag."""
    group = Role.objects.get(code="counselor").group_id
    through = User.groups.through
    through.objects.bulk_create(
        through(user_id=practice.user_id, group_id=group) for practice in practices[::2]
    )
    tag = UserTag.objects.create(name="资深")
    UserTagging.objects.bulk_create(
        UserTagging(user_id=practice.user_id, tag=tag) for practice in practices[::4]
    )


def _slots(practices: list[Counselor], count: int) -> list[TimeSlot]:
    """Hourly from the day after tomorrow; the first counselor has ten times as many, by minutes."""
    start = (timezone.now() + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    rows = []
    for practice in practices[1:]:
        for n in range(count):
            begin = start + timedelta(hours=n)
            rows.append(
                TimeSlot(counselor=practice, start_at=begin, end_at=begin + timedelta(minutes=50))
            )
    for n in range(560):
        begin = start + timedelta(hours=n)
        rows.append(
            TimeSlot(counselor=practices[0], start_at=begin, end_at=begin + timedelta(minutes=50))
        )
    return rows


def _far_apart(counselor: Counselor):
    return TimeSlot.objects.filter(counselor=counselor).values_list("pk", flat=True)
