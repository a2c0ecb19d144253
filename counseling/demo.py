"""Demo counselors with their time, clients, and appointments in every state."""

from datetime import date, time, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import AgreementKind, NotificationTemplate, User
from accounts.services.consents import current_agreement, give_consent
from accounts.services.registration import create_user
from commerce.models import Order, Refund
from config.demo import PASSWORD, Demo
from counseling.demo_certificates import certify, make_applicants
from counseling.demo_sessions import make_appointments
from counseling.demo_words import talk_about
from counseling.models import (
    Appointment,
    ClientProfile,
    Counselor,
    CounselorVisits,
    Location,
    Mode,
    Service,
    ServiceKind,
    WeeklyTemplate,
)
from counseling.services.availability import bookable
from counseling.services.clients import create_client
from counseling.services.counselors import publish, set_specialties
from counseling.services.holidays import import_holidays, shipped_holidays
from counseling.services.leave import approve_leave, request_leave
from counseling.services.practice import submit_profile
from counseling.services.schedule import open_slots

TITLES = ["国家二级心理咨询师", "注册心理师", "婚姻家庭咨询师", "临床心理学博士"]
ORIENTATIONS = ["认知行为", "精神动力", "人本主义", "家庭系统", "正念与接纳承诺"]
CITIES = ["北京", "上海", "杭州", "成都", "广州", "深圳", "南京"]
BIO = (
    "从业以来专注于{topic}方向的个体与家庭咨询，累计个案 {hours} 小时，长期接受督导。"
    "相信在稳定、被尊重的关系里，人会找到适合自己的步伐。"
)


def make(demo: Demo) -> None:
    counselors = [_counselor(demo, n) for n in range(demo.size(12, 80))]
    make_applicants(demo, TITLES, BIO)
    for counselor in counselors[:-1]:
        publish(counselor.pk, actor=None)
    submit_profile(user=counselors[-1].user)  # waits for staff
    import_holidays(shipped_holidays())
    open_slots()
    _visits(demo, counselors[:-1])
    demo.accounts["counselor"]["counselor_id"] = counselors[0].pk
    clients = [_client(demo, user) for user in demo.made["clients"]]
    appointments = make_appointments(demo, clients)
    _leave(demo, counselors)
    talk_about(demo)
    demo.ids |= {
        "counselor": [counselor.pk for counselor in counselors],
        "client_profile": [client.pk for client in clients],
        "appointment": [appointment.pk for appointment in appointments],
        "order": list(Order.objects.order_by("pk").values_list("pk", flat=True)),
        "refund": list(Refund.objects.order_by("pk").values_list("pk", flat=True)),
        "slot": _free_slots(counselors[0])[:50],
        "wechat_templates": list(
            NotificationTemplate.objects.exclude(wechat_template_id="").values_list(
                "wechat_template_id", flat=True
            )
        ),
    }
    own = next(client for client in clients if client.user_id == demo.accounts["client"]["id"])
    service = counselors[0].services.filter(price__gt=0).first()
    demo.booking_body = {"service_id": service.pk, "client_id": own.pk, "note": "第一次咨询"}


def _counselor(demo: Demo, number: int) -> Counselor:
    pick = demo.random
    if number == 0:
        user = User.objects.get(pk=demo.accounts["counselor"]["id"])
    elif number < 3:
        user = create_user(username=f"counselor-{number + 1}", password=PASSWORD)
    else:
        user = User(username=f"counselor-{number + 1}")
        user.set_unusable_password()
        user.save(force_insert=True)
    hours = pick.randrange(300, 5000, 50)
    topics = pick.sample(demo.made["tags"], 3)
    counselor = Counselor.objects.create(
        user=user,
        name=demo.person_name(),
        title=pick.choice(TITLES),
        bio=BIO.format(topic=topics[0].name, hours=hours),
        gender=pick.choice(["male", "female"]),
        city=pick.choice(CITIES),
        languages=["普通话", *pick.sample(["粤语", "英语"], pick.randrange(2))],
        orientation=pick.choice(ORIENTATIONS),
        practice_years=pick.randrange(2, 20),
        practice_hours=hours,
        supervision_hours=hours // 8,
        training="精神分析取向连续培训三年，团体体验小组 120 小时",
    )
    set_specialties(counselor.pk, tag_ids=[tag.pk for tag in topics])
    certify(demo, user, number)
    _services(counselor, pick.randrange(200, 800, 20))
    _week(counselor, pick.sample(range(7), 5))
    return counselor


def _services(counselor: Counselor, price: int) -> None:
    for kind, mode, share in (
        (ServiceKind.INDIVIDUAL, Mode.VIDEO, 1),
        (ServiceKind.INDIVIDUAL, Mode.OFFLINE, Decimal("1.2")),
        (ServiceKind.COUPLE, Mode.VIDEO, Decimal("1.5")),
    ):
        face_to_face = mode == Mode.OFFLINE
        Service.objects.create(
            counselor=counselor,
            kind=kind,
            mode=mode,
            minutes=50,
            price=price * share,
            first_price=price * share + 100 if kind == ServiceKind.COUPLE else None,
            location=_studio(counselor) if face_to_face else None,
        )


def _studio(counselor: Counselor) -> Location:
    return Location.objects.create(
        counselor=counselor, city=counselor.city, address="和平路 18 号 3 楼咨询室"
    )


def _week(counselor: Counselor, weekdays: list[int]) -> None:
    for weekday in weekdays:
        for start, end in ((time(9), time(12)), (time(14), time(20))):
            WeeklyTemplate.objects.create(
                counselor=counselor, weekday=weekday, start_time=start, end_time=end
            )


def _client(demo: Demo, user: User) -> ClientProfile:
    agreement = current_agreement(AgreementKind.BOOKING)
    give_consent(
        user, kind=AgreementKind.BOOKING, version=agreement.version, ip_address="127.0.0.1"
    )
    pick = demo.random
    return create_client(
        user=user,
        relation="self",
        name=demo.person_name(),
        gender=user.gender or "female",
        birth_date=date(pick.randrange(1970, 2004), pick.randrange(1, 13), pick.randrange(1, 29)),
        phone=f"138{pick.randrange(10**8):08}",
        emergency_name=demo.person_name(),
        emergency_phone=f"139{pick.randrange(10**8):08}",
    )


def _leave(demo: Demo, counselors: list[Counselor]) -> None:
    """One waits for approval; the session that the other hits waits for being handled."""
    boss = User.objects.get(pk=demo.accounts["admin"]["id"])
    tomorrow, others = timezone.now() + timedelta(days=1), counselors[1:]
    sessions = Appointment.objects.filter(status="confirmed", start_at__gt=tomorrow)
    hit = sessions.filter(counselor__in=others).order_by("start_at").first()
    busy, first = (hit.counselor, hit.start_at) if hit else (others[0], tomorrow)
    quiet = next(counselor for counselor in others if counselor != busy)
    for counselor, reason in ((quiet, "参加督导培训"), (busy, "家中有事")):
        leave = request_leave(
            None, actor=counselor.user, start_at=first, end_at=first + timedelta(days=14),
            reason=reason,
        )  # fmt: skip
    approve_leave(leave.pk, actor=boss, note="请尽快安排改约")


def _visits(demo: Demo, counselors: list[Counselor]) -> None:
    """People looked before they booked."""
    today = timezone.localdate()
    CounselorVisits.objects.bulk_create(
        CounselorVisits(
            counselor=counselor,
            day=today - timedelta(days=back),
            number=demo.random.randrange(1, 12),
        )
        for counselor in counselors
        for back in range(1, 30)
    )


def _free_slots(counselor: Counselor) -> list[int]:
    ahead = bookable(timezone.now() + timedelta(days=1))
    return list(ahead.filter(counselor=counselor).order_by("start_at").values_list("pk", flat=True))
