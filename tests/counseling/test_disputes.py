"""Disputes: who may say what until when, what staff decide, and whose money waits meanwhile."""

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.audit import move
from accounts.models import Notification
from commerce.errors import RefundExceedsPayment
from commerce.models import Order, Refund
from commerce.tasks import settle_orders
from config.errors import Forbidden, IllegalTransition, NotFound
from counseling import errors
from counseling.models import Appointment, Dispute, DisputeStatus
from counseling.services import disputes as service
from counseling.services.appointments import complete, complete_past, mark_no_show
from counseling.services.personal_data import blockers
from tests.counseling.test_attending import money_is_back, states
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.counseling import booked, confirmed, offer
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def over(appointment=None, act=complete) -> Appointment:
    """A session that took place (or not), its time machine at its end."""
    appointment = appointment or confirmed()
    act(appointment.pk, actor=appointment.counselor.user, now=appointment.start_at)
    appointment.refresh_from_db()
    return appointment


def disputed(reason="service", appointment=None, **kwargs) -> Dispute:
    appointment = appointment or over()
    at = kwargs.pop("now", appointment.end_at)
    return service.open_dispute(
        appointment.pk, actor=appointment.user, reason=reason, text="心里话", now=at, **kwargs
    )


def answered() -> Dispute:
    dispute = disputed()
    counselor = dispute.appointment.counselor.user
    return service.answer_dispute(
        dispute.pk, actor=counselor, answer="另一面", now=dispute.answer_by
    )


def refused(error, act, *args, **kwargs):
    before = (list(Dispute.objects.values()), Refund.objects.count(), Notification.objects.count())
    with pytest.raises(error) as caught:
        act(*args, **kwargs)
    after = (list(Dispute.objects.values()), Refund.objects.count(), Notification.objects.count())
    assert after == before
    return caught.value


def held(dispute) -> bool:
    return Order.objects.get(items__appointment=dispute.appointment_id).on_hold


@pytest.mark.parametrize("act", [complete, mark_no_show])
@pytest.mark.parametrize(
    ("offset", "open_"), [(-SECOND, True), (0 * SECOND, True), (SECOND, False)]
)
def test_the_window_closes_to_the_second(act, offset, open_):
    appointment = over(act=act)
    now = appointment.end_at + 72 * HOUR + offset

    if open_:
        dispute = disputed("was_there", appointment, now=now)
        assert (dispute.status, dispute.answer_by) == ("open", now + 48 * HOUR)
        assert dispute.decide_by == now + timedelta(days=7)
        assert held(dispute)
    else:
        found = refused(errors.DisputeClosed, disputed, appointment=appointment, now=now)
        assert found.data == {"until": appointment.end_at + 72 * HOUR}


def test_only_the_client_disputes_once_and_only_what_is_over():
    appointment = over()
    by = {"reason": "other", "now": appointment.end_at}
    stands, unpaid = confirmed(), booked()

    for actor, error in (
        (appointment.counselor.user, Forbidden),
        (StaffFactory("customer_service"), Forbidden),
        (UserFactory(), NotFound),
    ):
        refused(error, service.open_dispute, appointment.pk, actor=actor, **by)
    refused(IllegalTransition, disputed, appointment=stands, now=stands.end_at)
    refused(IllegalTransition, disputed, "counselor_absent", unpaid, now=unpaid.end_at)
    disputed(appointment=appointment)
    refused(errors.AlreadyDisputed, disputed, appointment=appointment)


def test_a_counselor_who_does_not_come_is_reported_from_the_start_on():
    appointment = confirmed()
    refused(
        errors.NotStartedYet, disputed, "counselor_absent", appointment,
        now=appointment.start_at - SECOND,
    )  # fmt: skip

    dispute = disputed("counselor_absent", appointment, now=appointment.start_at)
    complete_past(now=appointment.end_at + timedelta(days=1))

    assert states(appointment)[:2] == ("completed", "completed")
    assert held(dispute)  # completing does not let the money go
    told = Notification.objects.filter(template="dispute_opened", channel="in_app")
    assert {note.user for note in told} == {appointment.user, appointment.counselor.user}
    assert "心里话" not in str(list(Notification.objects.values_list("body", "context")))


def test_the_counselor_is_heard_once_and_in_time():
    dispute = disputed()
    counselor = dispute.appointment.counselor.user
    answer = service.answer_dispute

    late = dispute.answer_by + SECOND
    found = refused(errors.AnswerTooLate, answer, dispute.pk, actor=counselor, answer="x", now=late)
    assert found.data == {"until": dispute.answer_by}
    for actor in (dispute.appointment.user, StaffFactory("customer_service")):
        refused(Forbidden, answer, dispute.pk, actor=actor, answer="x")
    answer(dispute.pk, actor=counselor, answer="另一面", now=dispute.answer_by)
    refused(IllegalTransition, answer, dispute.pk, actor=counselor, answer="x")

    assert Dispute.objects.get().answer == "另一面"
    raw = Dispute.objects.extra(select={"raw": "answer"}).values_list("raw", flat=True)
    assert "另一面" not in raw[0]  # P-3


def test_upheld_in_full_undoes_the_sale():
    dispute, staff = answered(), StaffFactory("customer_service")

    service.uphold_dispute(dispute.pk, actor=staff, note="咨询师未到")

    refund = Refund.objects.get()
    assert (refund.amount, refund.reason_code, refund.status) == (300, "service", "approved")
    money_is_back(refund)
    assert states(dispute.appointment) == ("refunded", "refunded", "booked")
    dispute.refresh_from_db()
    assert (dispute.status, dispute.refund, dispute.decided_by) == ("upheld", 300, staff)
    told = Notification.objects.filter(template="dispute_decided", channel="in_app")
    assert {note.user_id for note in told} == {
        dispute.appointment.user_id, dispute.appointment.counselor.user_id,
    }  # fmt: skip
    assert "平台支持了来访者，退款 300.00 元。咨询师未到" in told[0].body


def test_upheld_in_part_leaves_the_session_completed_and_the_rest_is_settled(time_machine):
    dispute, staff = answered(), StaffFactory("customer_service")
    refused(
        RefundExceedsPayment, service.uphold_dispute, dispute.pk, actor=staff, note="x",
        amount=Decimal("300.01"),
    )  # fmt: skip
    time_machine.move_to(dispute.answer_by + timedelta(days=30))
    settle_orders()
    assert Order.objects.get().settles_at is not None  # while it is open nothing is settled

    service.uphold_half(dispute.pk, actor=staff, note="时长不足")
    money_is_back(Refund.objects.get())
    settle_orders()

    order = Order.objects.get()
    assert (order.refunded_amount, order.settles_at) == (Decimal("150.00"), None)
    assert states(dispute.appointment) == ("completed", "completed", "booked")
    assert not order.on_hold


@pytest.mark.parametrize("end", ["rejected", "withdrawn"])
def test_without_success_everything_stays_and_the_money_goes_on(end):
    dispute = answered()
    client = dispute.appointment.user
    assert [blocker.code for blocker in blockers(client)] == ["disputes"]

    if end == "rejected":
        service.reject_dispute(
            dispute.pk, actor=StaffFactory("customer_service"), note="双方均到场"
        )
    else:
        service.withdraw_dispute(dispute.pk, actor=client)

    dispute.refresh_from_db()
    assert (dispute.status, held(dispute)) == (end, False)
    assert states(dispute.appointment) == ("completed", "completed", "booked")
    assert not Refund.objects.exists()
    assert blockers(client) == []
    refused(errors.AlreadyDisputed, disputed, appointment=dispute.appointment)


def test_staff_hear_the_counselor_first_say_why_and_decide_nothing_of_their_own():
    dispute, staff = disputed(), StaffFactory("customer_service")
    counselor = dispute.appointment.counselor.user
    reject, uphold = service.reject_dispute, service.uphold_dispute
    waiting = {"actor": staff, "note": "x", "now": dispute.answer_by}

    for act in (reject, uphold):
        refused(errors.DecisionTooEarly, act, dispute.pk, **waiting)
        for actor, error in (
            (dispute.appointment.user, Forbidden), (counselor, Forbidden),
            (StaffFactory("finance"), NotFound), (UserFactory(), NotFound),
        ):  # fmt: skip
            refused(error, act, dispute.pk, actor=actor, note="x", now=dispute.answer_by + SECOND)
    late = dispute.answer_by + SECOND
    refused(errors.DecisionNeedsReason, reject, dispute.pk, actor=staff, note=" ", now=late)
    reject(dispute.pk, actor=staff, note="未按时说明，证据不足", now=late)
    refused(IllegalTransition, uphold, dispute.pk, actor=staff, note="x", now=late)


def test_a_large_refund_takes_a_second_person(settings):
    settings.CONSTANCE_CONFIG = settings.CONSTANCE_CONFIG | {
        "REFUND_SECOND_PERSON_ABOVE": (100, "", int)
    }

    service.uphold_dispute(answered().pk, actor=StaffFactory("customer_service"), note="x")

    assert Refund.objects.get().status == "confirming"


def test_a_free_session_is_disputed_without_money():
    slot, free = offer(price=Decimal(0))
    dispute = disputed(appointment=over(booked(slot=slot, service=free)))

    service.uphold_dispute(
        dispute.pk, actor=StaffFactory("customer_service"), note="x",
        now=dispute.answer_by + SECOND,
    )  # fmt: skip

    dispute.refresh_from_db()
    assert (dispute.status, dispute.refund) == ("upheld", None)


@pytest.mark.parametrize(("old", "new"), list(product(DisputeStatus, DisputeStatus)))
def test_S8_a_dispute_moves_only_along_the_table(old, new):
    legal = (old, new) in set(Dispute.TRANSITIONS.pairs())
    dispute = disputed()
    Dispute.objects.update(status=old)
    dispute.refresh_from_db()

    if legal:
        move(dispute, new)
    else:
        with pytest.raises(IllegalTransition):
            move(dispute, new)
    assert Dispute.objects.get().status == (new if legal else old)


def test_over_http_each_side_sees_it_and_strangers_nothing(time_machine):
    appointment = over()
    time_machine.move_to(appointment.end_at + HOUR)
    client, counselor = Api(appointment.user), Api(appointment.counselor.user)
    staff, stranger = Api(StaffFactory("customer_service")), Api(UserFactory())
    body = {"appointment_id": appointment.pk, "reason": "service", "text": "心里话", "refund": 300}

    made = data(client.post("/dispute", body, key="k" * 8), 201)
    again = client.post("/dispute", body, key="k" * 8)

    assert again.json()["data"] == made
    assert (made["status"], made["text"], made["refund"]) == ("open", "心里话", None)
    path = f"/dispute/{made['id']}"
    detail = data(client.get(f"/appointment/{appointment.pk}"))
    assert detail["dispute"] == {"id": made["id"], "status": "open"}
    assert refusal(staff.post(f"{path}/uphold", {"note": "x"})) == (409, 12147)
    shown = data(counselor.post(f"{path}/answer", {"answer": "另一面"}))
    assert (shown["status"], shown["answer"]) == ("answered", "另一面")
    seen = data(staff.get(path))
    assert (seen["text"], seen["answer"]) == ("", "")
    assert stranger.get(path).status_code == Api(confirmed().user).get(path).status_code == 404
    assert data(stranger.get("/dispute"))["list"] == []
    assert [
        row["id"] for row in data(counselor.get("/dispute", {"status": "answered"}))["list"]
    ] == [made["id"]]
    assert client.post(f"{path}/uphold", {"note": "x"}).status_code == 403
    done = data(staff.post(f"{path}/uphold", {"note": "时长不足", "amount": 100}))
    assert (done["status"], done["refund"], done["decision_note"]) == ("upheld", 100.0, "时长不足")
    assert refusal(client.post(f"{path}/withdraw")) == (409, 10409)
    assert timezone.now() < appointment.end_at + 2 * HOUR


def test_the_back_office_decides_from_the_queue(client, time_machine):
    staff = StaffFactory("customer_service")
    dispute = answered()
    client.force_login(staff)
    page = reverse("admin:counseling_dispute_change", args=[dispute.pk])
    decide = reverse("admin:counseling_dispute_decide", args=[dispute.pk])

    queue = client.get("/admin/counseling/dispute/?status__exact=answered").content.decode()
    shown = client.get(page).content.decode()
    form = client.get(decide).content.decode()
    done = client.post(decide, {"decision": "reject", "reason": "双方均到场"})

    assert dispute.number in queue
    assert dispute.appointment.number in shown
    assert Order.objects.get().paid_by.number in shown  # the whole story on one page
    assert "心里话" not in queue + shown + form
    assert "退款一半" in form
    assert done.status_code == 302
    dispute.refresh_from_db()
    assert (dispute.status, dispute.decision_note) == ("rejected", "双方均到场")


def test_the_page_of_an_appointment_tells_its_whole_story(client):
    dispute = answered()
    appointment = dispute.appointment
    service.uphold_half(dispute.pk, actor=StaffFactory("customer_service"), note="时长不足")
    order = Order.objects.get(items__appointment=appointment)
    client.force_login(StaffFactory("admin"))

    page = reverse("admin:counseling_appointment_change", args=[appointment.pk])
    shown = client.get(page).content.decode()

    for part in (
        order.number, order.paid_by.number, Refund.objects.get().number, "¥150.00", dispute.number,
        "时长不足", "预约成功", "预约争议已受理", "已完成",
    ):  # fmt: skip
        assert part in shown, part
    assert "心里话" not in shown
