"""/appointment over HTTP, as its client, its counselor, staff, a stranger and nobody."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from commerce.models import Order, Refund
from counseling.models import Appointment, TimeSlot
from counseling.serializers.appointments import AppointmentDetailSerializer, AppointmentSerializer
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.counseling import (
    ClientProfileFactory,
    booked,
    booker,
    confirmed,
    consent,
    offer,
)
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(user):
    return booker(user=user, name="李雷", gender="male")


def body(client, slot, service, **more):
    return {"slot_id": slot.pk, "service_id": service.pk, "client_id": client.pk, **more}


def begun(appointment):
    """Put a session into the past hour."""
    start = timezone.now() - timedelta(minutes=30)
    times = {"start_at": start, "end_at": start + timedelta(minutes=50)}
    TimeSlot.objects.filter(pk=appointment.slot_id).update(**times)
    Appointment.objects.filter(pk=appointment.pk).update(**times)


def test_booking_answers_with_the_appointment_and_its_order(api, client):
    slot, service = offer(price=Decimal("300.00"))

    made = data(
        api.post("/appointment", body(client, slot, service, note="第一次"), key="k" * 8), 201
    )

    order = Order.objects.get()
    assert made["order"] == {
        "id": order.pk,
        "order_number": order.number,
        "status": "pending",
        "total_amount": 300.0,
        "expires_at": made["order"]["expires_at"],
    }
    assert made["order"]["expires_at"][-1] == "Z"
    assert (made["status"], made["price"], made["note"]) == ("pending_payment", 300.0, "第一次")
    assert made["counselor"]["name"] == slot.counselor.name
    assert made["client"]["name"] == "李雷"
    assert made.keys() == AppointmentDetailSerializer().fields.keys()
    assert data(api.get(f"/appointment/{made['id']}")) == made


def test_M16_the_same_key_books_once(api, client):
    slot, service = offer()
    wish = body(client, slot, service)

    first = api.post("/appointment", wish, key="key-12345")
    again = api.post("/appointment", wish, key="key-12345")
    other = api.post("/appointment", wish | {"note": "x"}, key="key-12345")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert refusal(other) == (422, 11008)
    assert Appointment.objects.count() == Order.objects.count() == 1


def test_S8_M12_fields_that_are_not_the_clients_change_nothing(api, client, user):
    slot, service = offer(price=Decimal("300.00"))
    wish = body(client, slot, service) | {
        "price": 0.01, "status": "confirmed", "user_id": 1, "number": "X", "counselor_id": 9,
        "cancel_fee_percent": 0, "end_at": "2099-01-01T00:00:00Z",
    }  # fmt: skip

    made = data(api.post("/appointment", wish), 201)

    appointment = Appointment.objects.get()
    assert (made["price"], made["status"]) == (300.0, "pending_payment")
    assert (appointment.user_id, appointment.cancel_fee_percent) == (user.pk, 30)
    assert appointment.counselor_id == slot.counselor_id
    for method in ("put", "patch", "delete"):
        assert getattr(api, method)(f"/appointment/{made['id']}", {}).status_code == 405


def test_a_refusal_says_why_and_leaves_nothing(api, client):
    slot, service = offer()
    TimeSlot.objects.filter(pk=slot.pk).update(status="booked")

    response = api.post("/appointment", body(client, slot, service), key="key-12345")

    assert refusal(response) == (409, 12001)
    assert response.json()["message"] == "该时段已被预约"
    assert not Order.objects.exists()
    assert not Appointment.objects.exists()


def test_P1_booking_without_consent_names_the_agreement(api, user):
    client = ClientProfileFactory(user=user)
    slot, service = offer()
    wish = body(client, slot, service)

    response = api.post("/appointment", wish)

    assert refusal(response) == (422, 11011)
    assert response.json()["data"] == {"kind": "booking", "version": 1}
    consent(user)
    assert refusal(api.post("/appointment", wish | {"agreement_version": 2})) == (409, 11012)
    assert api.post("/appointment", wish | {"agreement_version": 1}).status_code == 201


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slot_id": "x"}, "slot_id"),
        ({"service_id": None}, "service_id"),
        ({"client_id": 0}, "client_id"),
        ({"note": "长" * 501}, "note"),
        ({"agreement_version": "new"}, "agreement_version"),
    ],
)
def test_a_malformed_body_is_refused_with_the_fields_name(api, client, changes, field):
    response = api.post("/appointment", body(client, *offer()) | changes)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == [field]
    assert not Order.objects.exists()


def test_each_side_sees_its_own_and_strangers_nothing():
    appointment = confirmed(note="私密")
    other = confirmed()
    path = f"/appointment/{appointment.pk}"
    client, counselor = Api(appointment.user), Api(appointment.counselor.user)
    staff, stranger = Api(StaffFactory("customer_service")), Api(UserFactory())

    mine, theirs, seen = (data(who.get(path)) for who in (client, counselor, staff))

    assert (mine["note"], theirs["note"], seen["note"]) == ("私密", "私密", "")
    assert mine["order"]["status"] == seen["order"]["status"] == "paid"
    assert theirs["order"] is None
    assert theirs["client"]["age"] >= 36
    assert stranger.get(path).status_code == 404
    assert Api(other.user).get(path).status_code == 404
    assert Api(other.counselor.user).get(path).status_code == 404
    assert Api().get(path).status_code == 401
    lists = [
        [row["id"] for row in data(who.get("/appointment"))["list"]]
        for who in (client, counselor, stranger)
    ]
    assert lists == [[appointment.pk], [appointment.pk], []]
    assert {row["id"] for row in data(staff.get("/appointment"))["list"]} == {
        appointment.pk,
        other.pk,
    }


def test_lists_are_filtered_by_side_status_and_time(user):
    client = booker(user=user)
    as_client = confirmed(client)
    waiting = booked(client)
    slot, service = offer(counselor__user=user)
    as_counselor = confirmed(slot=slot, service=service)
    api = Api(user)

    def ids(**query):
        return {row["id"] for row in data(api.get("/appointment", query))["list"]}

    assert ids() == {as_client.pk, waiting.pk, as_counselor.pk}
    assert ids(**{"as": "client"}) == {as_client.pk, waiting.pk}
    assert ids(**{"as": "counselor"}) == {as_counselor.pk}
    assert ids(**{"as": ""}) == ids()
    assert refusal(api.get("/appointment", {"as": "admin"})) == (400, 10400)
    assert ids(status="pending_payment") == {waiting.pk}
    assert ids(status=["pending_payment", "confirmed"]) == ids()
    late = max(as_client.start_at, waiting.start_at, as_counselor.start_at)
    assert ids(**{"from": (late + timedelta(seconds=1)).isoformat()}) == set()
    assert ids(to=(late + timedelta(seconds=1)).isoformat()) == ids()
    assert refusal(api.get("/appointment", {"status": "x"})) == (400, 10400)


def test_Q1_a_list_takes_three_statements_and_one_takes_one(api, client, django_assert_num_queries):
    for _ in range(3):
        last = confirmed(client)
    api.get("/appointment")

    with django_assert_num_queries(3):
        rows = data(api.get("/appointment"))["list"]
    with django_assert_num_queries(1):
        data(api.get(f"/appointment/{last.pk}"))

    assert len(rows) == 3
    assert rows[0].keys() == AppointmentSerializer().fields.keys()
    assert [row["start_at"] for row in rows] == sorted(
        (row["start_at"] for row in rows), reverse=True
    )


def test_the_preview_tells_fee_and_refund_and_cancels_nothing(api, client):
    appointment = confirmed(client)

    preview = data(api.get(f"/appointment/{appointment.pk}/cancel-preview"))

    assert (preview["fee"], preview["refund"]) == (0.0, 300.0)
    assert preview["until"] == f"{appointment.free_cancel_until:%Y-%m-%dT%H:%M:%S}Z"
    assert "30%" in preview["policy"]
    appointment.refresh_from_db()
    assert appointment.status == "confirmed"


def test_cancelling_gives_the_money_back(api, client):
    appointment = confirmed(client)
    path = f"/appointment/{appointment.pk}/cancel"

    shown = data(api.post(path, {"reason": "有事"}, key="key-12345"))
    again = api.post(path, {"reason": "有事"}, key="key-12345")

    assert (shown["status"], shown["cancel_reason"]) == ("cancelled", "有事")
    assert shown["order"]["status"] == "refunding"
    assert data(again) == shown
    assert Refund.objects.get().amount == Decimal("300.00")
    assert refusal(api.post(path, {})) == (409, 10409)


def test_a_session_that_has_begun_is_not_cancelled(api, client):
    appointment = confirmed(client)
    begun(appointment)

    for response in (
        api.get(f"/appointment/{appointment.pk}/cancel-preview"),
        api.post(f"/appointment/{appointment.pk}/cancel"),
    ):
        assert refusal(response) == (409, 12011)


@pytest.mark.parametrize(
    ("action", "status"),
    [("start", "in_progress"), ("complete", "completed"), ("no-show", "no_show")],
)
def test_counselor_and_staff_run_the_session(action, status):
    for who in ("counselor", "staff"):
        appointment = confirmed()
        user = (
            appointment.counselor.user if who == "counselor" else StaffFactory("customer_service")
        )
        path = f"/appointment/{appointment.pk}/{action}"
        assert refusal(Api(user).post(path)) == (409, 12012)
        begun(appointment)

        assert data(Api(user).post(path))["status"] == status


@pytest.mark.parametrize("action", ["start", "complete", "no-show", "cancel", "cancel-preview"])
def test_others_may_not(action):
    appointment = confirmed()
    begun(appointment)
    path = f"/appointment/{appointment.pk}/{action}"
    method = "get" if action == "cancel-preview" else "post"

    def ask(api):
        return getattr(api, method)(path).status_code

    assert ask(Api()) == 401
    assert ask(Api(UserFactory())) == 404
    assert ask(Api(confirmed().counselor.user)) == 404
    assert ask(Api(StaffFactory("content_manager"))) == 404
    if not action.startswith("cancel"):
        assert ask(Api(appointment.user)) == 403
    appointment.refresh_from_db()
    assert appointment.status == "confirmed"


def test_english_is_spoken_to_who_asks_for_it(api, client):
    response = api.get("/appointment/999999", accept_language="en")

    assert response.json()["message"] == "Not found"
