"""What counselors say of themselves, where they work, and what the first session costs."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Notification, OperationLog
from counseling.models import Appointment, Holiday, Location, Service
from counseling.services.appointments import cancel
from counseling.services.counselors import refresh_lowest_price, send_back
from tests.counseling.booking import attempt
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.content import DiseaseTagFactory
from tests.factories.counseling import (
    CounselorFactory,
    LocationFactory,
    ServiceFactory,
    SlotFactory,
    WeeklyTemplateFactory,
    booker,
    pay,
)
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db

OFFER = {"kind": "couple", "mode": "offline", "minutes": 80, "price": 600, "first_price": 800}


@pytest.fixture
def counselor(db):
    counselor = ServiceFactory(counselor__name="王医生").counselor
    refresh_lowest_price(counselor.pk)
    return counselor


@pytest.fixture
def own(counselor):
    return Api(counselor.user)


def test_a_counselor_sets_how_much_they_take_on_and_whether_on_holidays(own, counselor):
    day = timezone.localdate() + timedelta(days=3)
    Holiday.objects.create(date=day, name="节日")
    WeeklyTemplateFactory(
        counselor=counselor, weekday=day.weekday(), start_time="09:00", end_time="12:00",
        valid_until=day,
    )  # fmt: skip

    body = {"max_per_day": 4, "max_per_week": 16, "works_on_holidays": True}
    mine = data(own.patch("/counselor/mine", body))

    assert {name: mine[name] for name in body} == body
    assert counselor.slots.filter(status="open").count() == 3
    mine = data(own.patch("/counselor/mine", {"max_per_day": None, "works_on_holidays": False}))
    assert (mine["max_per_day"], mine["max_per_week"]) == (None, 16)
    assert counselor.slots.count() == 0
    for wrong in (0, 51, "x"):
        assert own.patch("/counselor/mine", {"max_per_day": wrong}).status_code == 400


def test_changes_of_a_published_profile_are_live_and_logged(own, counselor, anonymous):
    tag = DiseaseTagFactory(name="焦虑")
    body = {
        "name": "别人", "bio": "新的简介", "training": "沙盘", "supervision_hours": 320,
        "specialty_ids": [tag.pk], "min_notice_minutes": 120,
    }  # fmt: skip

    mine = data(own.patch("/counselor/mine", body))

    assert (mine["practising"], mine["status"]) == (True, "published")
    seen = data(anonymous.get(f"/counselor/{counselor.pk}"))
    assert (seen["name"], seen["bio"], seen["training"]) == ("王医生", "新的简介", "沙盘")
    assert (seen["supervision_hours"], seen["min_notice_minutes"]) == (320, 120)
    assert seen["specialties"] == [{"id": tag.pk, "name": "焦虑"}]
    log = OperationLog.objects.get()
    assert (log.admin, log.error_message) == (counselor.user, "")
    data(own.get("/counselor/mine"))
    assert refusal(own.patch("/counselor/mine", {"bio": "x" * 2001})) == (400, 10400)
    assert OperationLog.objects.count() == 1


def test_a_draft_is_completed_submitted_sent_back_and_published():
    counselor = CounselorFactory(status="draft")
    own, boss = Api(counselor.user), StaffFactory("admin")
    early = own.post("/counselor/mine/submit")
    assert refusal(early) == (422, 12016)
    assert early.json()["data"] == {"missing": ["services"]}

    data(own.patch("/counselor/mine", {"name": "周田田"}))  # nobody has looked at it yet
    data(own.post("/counselor/services", OFFER | {"mode": "video"}), 201)
    assert data(own.post("/counselor/mine/submit"))["status"] == "reviewing"
    assert refusal(own.post("/counselor/mine/submit")) == (409, 10409)

    send_back(counselor.pk, actor=boss, reason="请补充简介")
    assert data(own.get("/counselor/mine"))["status"] == "draft"
    assert data(own.get("/counselor/mine"))["name"] == "周田田"
    notice = Notification.objects.get(user=counselor.user, channel="in_app")
    assert (notice.template, notice.context["reason"]) == ("counselor_sent_back", "请补充简介")


def test_services_have_two_prices_and_offline_ones_a_studio(own, counselor, anonymous):
    assert refusal(own.post("/counselor/services", OFFER)) == (422, 12107)
    theirs = LocationFactory()
    stolen = OFFER | {"location_id": theirs.pk}
    assert refusal(own.post("/counselor/services", stolen)) == (422, 12106)
    studio = data(own.post("/counselor/locations", {"city": "杭州", "address": "文三路 1 号"}), 201)

    made = data(own.post("/counselor/services", OFFER | {"location_id": studio["id"]}), 201)

    assert (made["price"], made["first_price"], made["location_id"]) == (600.0, 800.0, studio["id"])
    twice = own.post("/counselor/services", OFFER | {"location_id": studio["id"]})
    assert refusal(twice) == (409, 12109)
    shown = data(anonymous.get(f"/counselor/{counselor.pk}"))["services"]
    assert shown[0]["location"] is None
    assert shown[1] == {
        "id": made["id"], "kind": "couple", "mode": "offline", "minutes": 80, "price": 600.0,
        "first_price": 800.0,
        "location": {"id": studio["id"], "city": "杭州", "address": "文三路 1 号"},
    }  # fmt: skip
    assert refusal(own.delete(f"/counselor/locations/{studio['id']}")) == (409, 12108)
    found = data(anonymous.get("/counselor", {"city": "杭州"}))["list"]
    assert [row["id"] for row in found] == [counselor.pk]
    assert Service.objects.count() == 2


def test_the_database_keeps_offline_services_at_a_place():
    with pytest.raises(IntegrityError), transaction.atomic():
        ServiceFactory(mode="offline", location=None)


def test_taking_off_and_the_lowest_price(own, counselor):
    first = counselor.services.get()
    cheap = data(own.post("/counselor/services", OFFER | {"mode": "voice", "price": 99.5}), 201)
    counselor.refresh_from_db()
    assert counselor.lowest_price == Decimal("99.50")

    data(own.patch(f"/counselor/services/{cheap['id']}", {"is_active": False}))
    last = own.patch(f"/counselor/services/{first.pk}", {"is_active": False})

    assert refusal(last) == (409, 12110)
    counselor.refresh_from_db()
    first.refresh_from_db()
    assert (counselor.lowest_price, first.is_active) == (Decimal("300.00"), True)
    assert [row["is_active"] for row in data(own.get("/counselor/services"))["list"]] == [
        True, False,
    ]  # fmt: skip


def test_a_studio_nobody_uses_goes(own, counselor):
    studio = LocationFactory(counselor=counselor)

    changed = data(own.patch(f"/counselor/locations/{studio.pk}", {"address": "新址"}))
    assert changed["address"] == "新址"
    assert data(own.delete(f"/counselor/locations/{studio.pk}")) == {}

    assert not Location.objects.exists()


def test_anothers_practice_does_not_exist(counselor, api, anonymous):
    other = Api(CounselorFactory().user)
    service, studio = counselor.services.get(), LocationFactory(counselor=counselor)
    rows = (f"/counselor/services/{service.pk}", f"/counselor/locations/{studio.pk}")

    for client in (api, other, Api(StaffFactory("admin"))):
        for path in rows:
            assert client.patch(path, {"price": 1, "city": "x"}).status_code == 404
        assert client.delete(rows[1]).status_code == 404
    for path in ("/counselor/mine", "/counselor/services", "/counselor/locations", *rows):
        assert anonymous.patch(path, {}).status_code in {401, 405}
    assert api.get("/counselor/mine").status_code == 404
    assert api.post("/counselor/services", OFFER).status_code == 404
    assert data(other.get("/counselor/services"))["list"] == []
    service.refresh_from_db()
    assert (service.price, Location.objects.get().city) == (Decimal("300.00"), "上海")
    assert not OperationLog.objects.filter(error_message="").exists()


def slots(counselor, count):
    day = timezone.now() + timedelta(days=3)
    return [
        SlotFactory(counselor=counselor, start_at=day + timedelta(hours=hour))
        for hour in range(count)
    ]


def price_of(client, slot, service) -> Decimal:
    attempt(client, slot, service)
    return Appointment.objects.latest("pk").price


def test_the_first_price_is_for_who_never_had_a_session_with_this_counselor():
    service = ServiceFactory(price=Decimal(500), first_price=Decimal(300))
    other = ServiceFactory(price=Decimal(500), first_price=Decimal(300))
    client, stranger = booker(), booker()
    times = slots(service.counselor, 6)

    assert price_of(client, times[0], service) == 300
    assert price_of(client, times[1], service) == 300  # the first is not paid for yet
    first = Appointment.objects.get(slot=times[0])
    pay(first)
    assert price_of(client, times[2], service) == 500
    assert price_of(stranger, times[3], service) == 300
    elsewhere = SlotFactory(counselor=other.counselor, start_at=timezone.now() + timedelta(days=9))
    assert price_of(client, elsewhere, other) == 300

    cancel(first.pk, actor=client.user)  # no session came of it
    Appointment.objects.exclude(pk=first.pk).filter(user=client.user).update(status="expired")
    assert price_of(client, times[4], service) == 300
    Appointment.objects.filter(pk=first.pk).update(status="completed")
    Appointment.objects.filter(status="pending_payment").update(status="expired")
    assert price_of(client, times[5], service) == 500


def test_without_a_first_price_everybody_pays_the_same():
    service = ServiceFactory(price=Decimal(500))

    assert price_of(booker(user=UserFactory()), slots(service.counselor, 1)[0], service) == 500
