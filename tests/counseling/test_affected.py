"""Sessions hit by leave, over HTTP: other times offered, chosen, declined, given up."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Notification, NotificationTemplate
from accounts.services.parameters import change_parameters, forget_parameters
from accounts.services.templates import render
from commerce.models import Refund
from config.days import business_day, day_end
from counseling.errors import (
    HandlingOver,
    LeaveOverlap,
    SlotNotOfferable,
    SlotNotOffered,
    SlotTaken,
)
from counseling.models import AffectedAppointment, Counselor, LeaveRequest, TimeSlot
from counseling.services.affected import accept_offer, offer_slots, resolve_due
from counseling.services.leave import approve_leave, request_leave
from counseling.services.reminding import remind
from tests.factories.accounts import UserFactory
from tests.factories.counseling import (
    CounselorFactory,
    ServiceFactory,
    SlotFactory,
    booker,
    confirmed,
)
from tests.helpers import Api, data, refusal
from tests.sandbox.wx.template_fields import is_valid

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def boss(staff):
    return staff("admin")


@pytest.fixture
def hit(boss):
    """The affected appointment of a session four days ahead whose counselor is on leave."""
    day = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=4)
    service = ServiceFactory()
    session = confirmed(slot=slot(service.counselor, day), service=service)
    own = service.counselor.user
    leave = request_leave(None, actor=own, start_at=day - HOUR, end_at=day + 24 * HOUR)
    approve_leave(leave.pk, actor=boss)
    return AffectedAppointment.objects.get(appointment=session)


def slot(counselor, start_at, minutes=50) -> TimeSlot:
    return SlotFactory(
        counselor=counselor, start_at=start_at, end_at=start_at + timedelta(minutes=minutes)
    )


def later(hit, **more) -> TimeSlot:
    """A free slot of the same counselor after the leave."""
    return slot(hit.leave.counselor, hit.leave.end_at + HOUR, **more)


def page(hit, action=""):
    return f"/affected-appointments/{hit.pk}{'/' if action else ''}{action}"


def client_of(hit):
    return Api(hit.appointment.user)


def test_S7_a_time_is_offered_chosen_and_the_session_moved(hit):
    counselor, client = Api(hit.leave.counselor.user), client_of(hit)
    free, other = later(hit), slot(hit.leave.counselor, hit.leave.end_at + 3 * HOUR)

    offered = data(counselor.post(page(hit, "offer"), {"slot_ids": [free.pk, other.pk]}))

    assert [(one["id"], one["free"]) for one in offered["offered_slots"]] == [
        (free.pk, True),
        (other.pk, True),
    ]
    told = Notification.objects.filter(user=hit.appointment.user, template="session_offered")
    assert told.filter(channel="in_app").count() == 1
    chosen = data(client.post(page(hit, "accept"), {"slot_id": free.pk}))

    assert (chosen["status"], chosen["appointment"]["status"]) == ("moved", "confirmed")
    hit.appointment.refresh_from_db()
    assert (hit.appointment.slot_id, hit.appointment.start_at) == (free.pk, free.start_at)
    states = dict(TimeSlot.objects.values_list("pk", "status"))
    assert (states[free.pk], states[other.pk]) == ("booked", "open")
    assert TimeSlot.objects.get(leave=hit.leave).status == "closed"
    assert client.post(page(hit, "accept"), {"slot_id": other.pk}).status_code == 409
    assert resolve_due(now=hit.deadline_at) == 0
    assert not Refund.objects.exists()


def test_staff_offer_another_counselor_and_the_price_stays(hit, boss):
    dearer = ServiceFactory(price=Decimal("900.00"))
    elsewhere = slot(dearer.counselor, hit.appointment.start_at)

    data(Api(boss).post(page(hit, "offer"), {"slot_ids": [elsewhere.pk]}))
    assert TimeSlot.objects.get(pk=elsewhere.pk).status == "open"
    chosen = data(client_of(hit).post(page(hit, "accept"), {"slot_id": elsewhere.pk}))

    assert chosen["status"] == "reassigned"
    assert chosen["appointment"]["counselor_name"] == dearer.counselor.name
    hit.appointment.refresh_from_db()
    assert (hit.appointment.service, hit.appointment.price) == (dearer, Decimal("300.00"))
    assert TimeSlot.objects.get(pk=elsewhere.pk).status == "booked"
    told = Notification.objects.filter(channel="in_app").order_by("-pk")
    assert [(note.user, note.template) for note in told[:2]] == [
        (dearer.counselor.user, "appointment_new"),
        (hit.appointment.user, "session_reassigned"),
    ]


def test_only_what_fits_can_be_offered_and_only_by_who_handles_it(hit, boss):
    own = hit.leave.counselor
    short, foreign = later(hit, minutes=20), slot(CounselorFactory(), hit.leave.end_at)
    in_leave = TimeSlot.objects.get(leave=hit.leave)
    other_kind = ServiceFactory(kind="couple")
    elsewhere = ServiceFactory()
    theirs = slot(elsewhere.counselor, hit.leave.end_at)
    free = slot(own, hit.leave.end_at + 5 * HOUR)
    counselor = Api(own.user)

    for one in (short, foreign, in_leave, slot(other_kind.counselor, hit.leave.end_at), theirs):
        answer = counselor.post(page(hit, "offer"), {"slot_ids": [free.pk, one.pk]})
        assert refusal(answer) == (422, SlotNotOfferable.code)
        assert answer.json()["data"]["slot_ids"] == [one.pk]
    assert not hit.offered_slots.exists()
    body = {"slot_ids": [free.pk]}
    assert refusal(client_of(hit).post(page(hit, "offer"), body))[0] == 403
    for stranger in (UserFactory(), elsewhere.counselor.user):
        for action in ("", "offer", "accept", "decline", "cancel"):
            call = Api(stranger).post if action else Api(stranger).get
            sent = body if action == "offer" else {"slot_id": free.pk}
            assert call(page(hit, action), sent).status_code == 404
    assert counselor.post(page(hit, "accept"), {"slot_id": free.pk}).status_code == 404
    answer = client_of(hit).post(page(hit, "accept"), {"slot_id": free.pk})
    assert refusal(answer) == (422, SlotNotOffered.code)
    with pytest.raises(HandlingOver):
        offer_slots(hit.pk, slot_ids=[free.pk], actor=boss, now=hit.deadline_at)
    hit.refresh_from_db()
    assert (hit.status, hit.offered_at) == ("open", None)


def test_an_offer_that_somebody_took_first_is_refused_and_stays_open(hit):
    free = later(hit)
    offer_slots(hit.pk, slot_ids=[free.pk], actor=hit.leave.counselor.user)
    confirmed(booker(), slot=free, service=hit.appointment.service)

    answer = client_of(hit).post(page(hit, "accept"), {"slot_id": free.pk})

    assert refusal(answer) == (409, SlotTaken.code)
    shown = data(client_of(hit).get(page(hit)))
    assert (shown["status"], shown["offered_slots"][0]["free"]) == ("open", False)
    with pytest.raises(HandlingOver):
        accept_offer(
            hit.pk, slot_id=free.pk, actor=hit.appointment.user, now=hit.deadline_at
        )  # fmt: skip


@pytest.mark.parametrize("who", ["client", "counselor", "staff"])
def test_S7_giving_it_up_gives_the_whole_price_back_once(who, hit, boss):
    action = "decline" if who == "client" else "cancel"
    people = {"client": hit.appointment.user, "counselor": hit.leave.counselor.user, "staff": boss}
    api = Api(people[who])

    shown = data(api.post(page(hit, action)))

    assert (shown["status"], shown["appointment"]["status"]) == ("cancelled", "cancelled")
    assert [refund.amount for refund in Refund.objects.all()] == [300]
    hit.refresh_from_db()
    assert hit.resolved_by == people[who]
    assert api.post(page(hit, action)).status_code == 409
    assert resolve_due(now=hit.deadline_at) == 0


def test_who_sees_what_is_hit(hit, django_assert_max_num_queries):
    confirmed()  # of somebody else
    ids = {}
    for name, user in {
        "client": hit.appointment.user, "counselor": hit.leave.counselor.user,
        "stranger": UserFactory(),
    }.items():  # fmt: skip
        api = Api(user)
        ids[name] = [row["id"] for row in data(api.get("/affected-appointments"))["list"]]
    assert ids == {"client": [hit.pk], "counselor": [hit.pk], "stranger": []}
    api = client_of(hit)
    api.get("/affected-appointments")
    with django_assert_max_num_queries(7):
        rows = data(api.get("/affected-appointments", {"status": "open"}))["list"]
    assert "reason" not in rows[0]
    assert data(api.get("/affected-appointments", {"status": "kept"}))["list"] == []


def test_leave_is_previewed_asked_for_and_withdrawn_over_http(hit, boss):
    """Of another day than that of the fixture."""
    counselor = Api(hit.leave.counselor.user)
    free = later(hit)
    span = {
        "start_at": (hit.leave.end_at + HOUR).isoformat(),
        "end_at": (hit.leave.end_at + 4 * HOUR).isoformat(),
    }

    seen = data(counselor.post("/leave-requests/preview", span))
    assert ([one["id"] for one in seen["slots"]], seen["appointments"]) == ([free.pk], [])
    assert LeaveRequest.objects.count() == 1
    made = data(counselor.post("/leave-requests", span | {"reason": "搬家"}, key="leave-0001"), 201)
    assert (made["status"], made["reason"], made["impact"]) == ("pending", "搬家", seen)
    assert refusal(counselor.post("/leave-requests", span)) == (409, LeaveOverlap.code)
    address = f"/leave-requests/{made['id']}"
    assert data(Api(boss).get(address))["id"] == made["id"]
    for stranger in (hit.appointment.user, CounselorFactory().user):
        assert Api(stranger).get(address).status_code == 404
        assert Api(stranger).post(f"{address}/withdraw").status_code == 404
        assert data(Api(stranger).get("/leave-requests"))["list"] == []
        answer = Api(stranger).post(
            "/leave-requests/preview", span | {"counselor_id": hit.leave.counselor_id}
        )
        assert answer.status_code == 404
    gone = data(counselor.post(f"{address}/withdraw"))
    assert gone["status"] == "withdrawn"
    rows = data(counselor.get("/leave-requests", {"status": "approved"}))["list"]
    assert [row["id"] for row in rows] == [hit.leave_id]


def test_nobody_is_reminded_of_a_session_that_waits_for_its_outcome(hit):
    assert remind(now=hit.appointment.start_at - 2 * HOUR) == 0


def test_subscribe_messages_fit_what_wechat_takes(hit, boss):
    free = later(hit)
    offer_slots(hit.pk, slot_ids=[free.pk], actor=boss)
    accept_offer(hit.pk, slot_id=free.pk, actor=hit.appointment.user)

    for note in Notification.objects.filter(channel="subscribe", template__startswith="session_"):
        words = NotificationTemplate.objects.get(code=note.template)
        for name, text in words.wechat_fields.items():
            value = render(text, note.context)
            assert is_valid(name, value), (note.template, name, value)


def test_the_back_office_shows_what_leave_takes_and_decides(office, hit):
    browser = office("admin")
    own = hit.leave.counselor.user
    free = later(hit)
    span = {"start_at": free.start_at - HOUR, "end_at": free.end_at + HOUR}
    leave = request_leave(None, actor=own, reason="进修", **span)
    page = f"/admin/counseling/leaverequest/{leave.pk}"

    shown = browser.get(f"{page}/change/").content.decode()
    assert "将关闭的空闲时段（1）" in shown
    assert "进修" in shown
    browser.post(f"{page}/decide/", {"decision": "approve", "reason": "同意"})

    leave.refresh_from_db()
    assert (leave.status, leave.review_note) == ("approved", "同意")
    free.refresh_from_db()
    assert free.status == "closed"
    queue = browser.get("/admin/counseling/affectedappointment/?status__exact=open")
    assert hit.appointment.number in queue.content.decode()
    offered = slot(hit.leave.counselor, leave.end_at + HOUR)
    answer = browser.post(
        f"/admin/counseling/affectedappointment/{hit.pk}/offer/", {"slots": [offered.pk]}
    )
    assert answer.status_code == 302
    assert list(hit.offered_slots.all()) == [offered]
    browser.post(
        "/admin/counseling/affectedappointment/",
        {"action": "cancel_selected", "_selected_action": [hit.pk], "remark": "无法安排"},
    )
    hit.appointment.refresh_from_db()
    assert (hit.appointment.status, hit.appointment.cancel_reason) == ("cancelled", "无法安排")


def test_a_client_who_finds_a_time_themselves_does_not_use_up_their_own_moves(hit):
    """Nor are they bound by how long before they may: it is the counselor who does not come."""
    change_parameters({"RESCHEDULE_TIMES": 0, "RESCHEDULE_NOTICE_HOURS": 24 * 14}, actor=None)
    forget_parameters()
    client, session = client_of(hit), hit.appointment
    free, another = later(hit), slot(hit.leave.counselor, hit.leave.end_at + 3 * HOUR)
    path = f"/appointment/{session.pk}"
    assert data(client.get(path))["reschedule"]["allowed"] is True
    assert data(client.get(path))["reschedule"]["left"] is None

    moved = data(client.post(f"{path}/reschedule", {"slot_id": free.pk}, key="move-after-leave"))

    hit.refresh_from_db()
    assert (hit.status, moved["reschedules"][0]["side"]) == ("moved", "counselor")
    assert (moved["reschedule"]["allowed"], moved["reschedule"]["left"]) == (False, 0)
    refused = client.post(f"{path}/reschedule", {"slot_id": another.pk}, key="move-once-more")
    assert refusal(refused) == (409, 12141)


@pytest.mark.parametrize(
    ("limits", "code"),
    [({"min_notice_minutes": 60 * 24 * 27}, 12002), ({"max_per_day": 1}, 12123)],
)
def test_their_own_choice_respects_the_counselors_notice_and_limits(hit, limits, code):
    counselor = hit.leave.counselor
    morning = day_end(business_day(hit.leave.end_at)) + 9 * HOUR
    confirmed(slot=slot(counselor, morning), service=hit.appointment.service)
    free = slot(counselor, morning + 2 * HOUR)
    Counselor.objects.filter(pk=counselor.pk).update(**limits)

    answer = client_of(hit).post(
        f"/appointment/{hit.appointment_id}/reschedule", {"slot_id": free.pk}, key="move-too-soon"
    )

    assert refusal(answer) == (409, code)
    free.refresh_from_db()
    assert free.status == "open"


def test_staff_write_down_leave_of_a_counselor_in_the_back_office(office):
    browser, counselor = office("admin"), CounselorFactory()
    day = timezone.localtime(timezone.now() + timedelta(days=9))
    form = {
        "counselor": counselor.pk, "reason": "病假",
        "start_at_0": f"{day:%Y-%m-%d}", "start_at_1": "09:00:00",
        "end_at_0": f"{day:%Y-%m-%d}", "end_at_1": "18:00:00",
    }  # fmt: skip

    answer = browser.post("/admin/counseling/leaverequest/add/", form)
    again = browser.post("/admin/counseling/leaverequest/add/", form)

    assert answer.status_code == 302
    leave = LeaveRequest.objects.get()
    assert (leave.counselor, leave.reason, leave.requested_by) == (
        counselor, "病假", browser.user,
    )  # fmt: skip
    assert "该时间已有休假申请" in again.content.decode()
