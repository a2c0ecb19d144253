"""The booking story over HTTP: log in, book, pay, be confirmed, cancel, be refunded.

`python -m tests.journeys.booking` tells it alone (tests.journeys.telling).  `--chaos` also kills
the worker and empties Redis on the way, in a stack of its own.
"""

import argparse
import json
import os
import signal
import sys
import uuid
from datetime import datetime, timedelta
from functools import partial

import redis

from tests.journeys.client import Person, expect, until
from tests.journeys.stack import Stack
from tests.journeys.steps import (
    Journey,
    accept_agreement,
    cheapest,
    find_slot,
    held_appointment,
    is_status,
    parse,
    pay,
    rival,
    slots_on,
    start_payment,
    subscribe,
    told,
)
from tests.journeys.telling import tell

PARAMETERS = "/admin/constance/config/"


def happy_story(journey: Journey, *, chaos=None) -> None:
    """Booking to refund.  chaos: called before paying and cancelling; gives a call for later."""
    alice, bob = journey.newcomer("小满"), journey.newcomer("谷雨")
    introduce(journey, alice)
    counselor, slot = choose(journey, alice)
    service = cheapest(counselor)
    appointment = book_once(journey, alice, bob, slot, service)
    pay_and_be_confirmed(journey, alice, appointment, service, chaos)
    be_seen(journey, appointment)
    slot = move_to_another_time(journey, alice, appointment, slot)
    cancel_and_be_refunded(journey, alice, appointment, service, chaos)

    open_again = slots_on(alice, counselor["id"], slot["start_at"])
    expect(slot["id"] in {row["id"] for row in open_again}, "the slot is bookable again")
    if not chaos:  # while the worker is away the refund may overtake it (invariants Q-5)
        told(journey, alice, "appointment_cancelled", "预约已取消")
    told(journey, alice, "refund_succeeded", "退款成功")
    journey.story.step("slot open again, notices sent")


def introduce(journey: Journey, alice: Person) -> None:
    step = journey.story.step
    step("WeChat login", user=alice.id)

    alice.put("/users/profile", {"nickname": "小满", "gender": "female", "birthday": "1995-05-20"})
    profile = alice.get("/users/profile")
    expect(profile["nickname"] == "小满" and profile["gender"] == "female", "the profile is kept")
    step("profile", nickname=profile["nickname"])


def choose(journey: Journey, alice: Person) -> tuple[dict, dict]:
    tag, counselor, slot = find_slot(journey, alice)
    journey.story.step(
        "counselor by specialty and day", tag=tag, counselor=counselor["id"], slot=slot["id"]
    )
    return counselor, slot


def book_once(journey: Journey, alice: Person, bob: Person, slot: dict, service: dict) -> dict:
    """The appointment: after the agreement, once for one key, and not for somebody else too."""
    step = journey.story.step
    client = alice.post(
        "/client-profile",
        {"relation": "self", "name": "林小满", "gender": "female", "birth_date": "1995-05-20"},
        status=201,
    )
    step("client profile", client=client["id"])

    wish = {"slot_id": slot["id"], "service_id": service["id"], "client_id": client["id"]}
    refused = alice.post("/appointment", wish, status=422)
    expect(refused["data"]["kind"] == "booking", "booking asks for the agreement first")
    accept_agreement(alice)
    step("booking agreement accepted", refused_before_with=refused["code"])

    key = uuid.uuid4().hex
    first = alice.send("/appointment", wish, key=key)
    expect(first.status_code == 201, f"booked: {first.text[:300]}")
    again = alice.send("/appointment", wish, key=key)
    expect(again.status_code == 201 and again.content == first.content, "same key, same answer")
    rival(bob, slot, service)
    appointment = first.json()["data"]
    step("booked once, refused to another", number=appointment["number"], status=409)
    return appointment


def pay_and_be_confirmed(
    journey: Journey, alice: Person, appointment: dict, service: dict, chaos
) -> None:
    step, order = journey.story.step, appointment["order"]
    expect(order["total_amount"] == service["price"], "the server's price")
    left = parse(order["expires_at"]) - datetime.now().astimezone()
    expect(timedelta(0) < left <= timedelta(minutes=15, seconds=5), "15 minutes to pay")
    step("order", number=order["order_number"], amount=order["total_amount"])

    subscribe(journey, alice)
    after_chaos = chaos(journey) if chaos else None
    pay(journey, alice, order)
    confirmed = until("confirmed", lambda: is_status(alice, appointment, "confirmed"))
    expect(alice.get(f"/order/{order['id']}")["status"] == "paid", "the order is paid")
    step("paid, notice delivered twice, confirmed", status=confirmed["status"])
    if after_chaos:
        after_chaos()

    told(journey, alice, "appointment_confirmed", "预约成功")
    step("in-app notice and subscribe message")


def be_seen(journey: Journey, appointment: dict) -> None:
    """By the counselor and by staff."""
    step = journey.story.step
    mine = journey.login("counselor").get("/appointment", **{"as": "counselor", "size": 100})
    expect(appointment["id"] in {row["id"] for row in mine["list"]}, "the counselor sees it")
    step("the counselor sees it", appointments=mine["pagination"]["total"])
    page = journey.staff("admin").page(f"/admin/counseling/appointment/?q={appointment['number']}")
    expect(appointment["number"] in page, "staff sees it")
    step("staff sees it in the back office")


def move_to_another_time(journey: Journey, alice: Person, appointment: dict, slot: dict) -> dict:
    """The slot the session has then; the one it had is bookable again."""
    counselor, path = appointment["counselor"]["id"], f"/appointment/{appointment['id']}"
    other = slots_on(alice, counselor, slot["start_at"])[-1]
    expect(alice.get(path)["reschedule"]["allowed"], "it may be moved")
    moved = alice.post(f"{path}/reschedule", {"slot_id": other["id"], "reason": "改个时间"})
    expect(moved["start_at"] == other["start_at"], "the new time")
    expect(moved["reschedule"]["left"] == 1, "once more")
    free = {row["id"] for row in slots_on(alice, counselor, slot["start_at"])}
    expect(slot["id"] in free and other["id"] not in free, "the slots are swapped")
    told(journey, alice, "appointment_rescheduled", "预约已改期")
    journey.story.step("moved to another time", slot=other["id"])
    return other


def cancel_and_be_refunded(
    journey: Journey, alice: Person, appointment: dict, service: dict, chaos
) -> None:
    step = journey.story.step
    preview = alice.get(f"/appointment/{appointment['id']}/cancel-preview")
    expect(
        round(preview["fee"] + preview["refund"], 2) == service["price"], "fee and refund add up"
    )
    step("cancel preview", fee=preview["fee"], refund=preview["refund"])

    after_chaos = chaos(journey) if chaos else None
    alice.post(f"/appointment/{appointment['id']}/cancel", {"reason": "临时有事"})
    if after_chaos:
        after_chaos()
    refunded = until("refunded", lambda: is_status(alice, appointment, "refunded"))
    final = alice.get(f"/order/{appointment['order']['id']}")
    expect(final["status"] == "refunded", "the order is refunded")
    expect(final["refunded_amount"] == preview["refund"], "as much as the preview said")
    step("cancelled and refunded", status=refunded["status"], amount=final["refunded_amount"])


def leave_moves_a_session(journey: Journey) -> None:
    """Its counselor goes on leave: previewed, approved, another time offered and chosen."""
    alice, appointment, slot = held_appointment(journey, "立夏")
    pay(journey, alice, appointment["order"])
    until("confirmed", lambda: is_status(alice, appointment, "confirmed"))
    counselor = journey.login("counselor")
    span = {"start_at": slot["start_at"], "end_at": slot["end_at"], "reason": "就诊"}
    seen = counselor.post("/leave-requests/preview", span)
    hit = [row["id"] for row in seen["appointments"]]
    expect(hit == [appointment["id"]], "the preview names the session")
    leave = counselor.post("/leave-requests", span, status=201)
    journey.staff("admin").act("/admin/counseling/leaverequest/", "approve", leave["id"])
    journey.story.step("leave previewed, asked for and approved", leave=leave["id"])

    hit = alice.get("/affected-appointments")["list"][0]
    free = find_slot(journey, alice)[2]
    counselor.post(f"/affected-appointments/{hit['id']}/offer", {"slot_ids": [free["id"]]})
    moved = alice.post(f"/affected-appointments/{hit['id']}/accept", {"slot_id": free["id"]})
    expect(moved["status"] == "moved", "the session is moved")
    expect(moved["appointment"]["start_at"] == free["start_at"], "to the time she chose")
    titles = [row["title"] for row in alice.get("/notifications", size=50)["list"]]
    expect({"咨询需要调整", "请选择改约时间"} <= set(titles), "she was told of both")
    journey.story.step("another time offered and chosen", start=free["start_at"])


def review_once(journey: Journey) -> None:
    """The demo's client says what a session was like: once, namelessly, and it counts."""
    client, anybody = journey.login("client"), Person(journey.base_url)
    mine = client.get("/appointment", size=100, **{"as": "client"})["list"]
    held = next(row for row in mine if row["status"] == "completed")
    for said in client.get("/review/mine", appointment=held["id"])["list"]:
        client.delete(f"/review/{said['id']}")  # by an earlier journey
    counselor = f"/counselor/{held['counselor']['id']}"
    before = anybody.get(counselor)["rating_count"]

    body = {"appointment_id": held["id"], "rating": 5, "comment": "被听见了", "tags": ["warm"]}
    review = client.post("/review", body, status=201)
    client.post("/review", body, status=409)

    shown = anybody.get("/review", counselor=held["counselor"]["id"])["list"][0]
    expect((shown["id"], shown["author"]) == (review["id"], "匿名用户"), "shown without a name")
    expect(anybody.get(counselor)["rating_count"] == before + 1, "it counts")
    journey.story.step("a session reviewed once, anonymously", rating=shown["rating"])


def unpaid_order_expires(journey: Journey) -> None:
    """Nobody pays: the payment is closed at the provider and the slot is free again."""
    alice, appointment, slot = held_appointment(journey, "芒种")
    number = start_payment(alice, appointment["order"])["payment"]["number"]
    until("expired", lambda: is_status(alice, appointment, "expired"), seconds=90)
    expect(
        alice.get(f"/order/{appointment['order']['id']}")["status"] == "expired", "order expired"
    )
    expect(journey.sandbox.trade(number)["trade_state"] == "CLOSED", "closed at the provider")
    rows = slots_on(alice, appointment["counselor"]["id"], slot["start_at"])
    expect(slot["id"] in {row["id"] for row in rows}, "the slot is free again")
    journey.story.step("an unpaid order expired, closed at the provider, slot free", payment=number)


def late_payment_goes_back(journey: Journey) -> None:
    """The money comes after expiry: it is refunded without anybody doing anything."""
    alice, appointment, _slot = held_appointment(journey, "白露")
    number = start_payment(alice, appointment["order"])["payment"]["number"]
    until("expired", lambda: is_status(alice, appointment, "expired"), seconds=90)
    journey.sandbox.pay(number, force=True)

    until("refunded by itself", lambda: money_kept(journey, number) == 0, seconds=90)
    expect(is_status(alice, appointment, "expired"), "the appointment stays expired")
    journey.story.step("a payment after expiry went back by itself", payment=number)


def money_kept(journey: Journey, number: str) -> int:
    """Fen that came by a payment and did not go back, by the provider's own book."""
    return journey.sandbox.book()["net_by_trade"][number]


class short_time_to_pay:
    """Inside the block an operator has set the time to pay to a few seconds, live."""

    def __init__(self, journey: Journey, seconds: int):
        self.journey, self.seconds = journey, seconds

    def __enter__(self):
        self._set(self.seconds)
        self.journey.story.step("an operator shortens the time to pay", seconds=self.seconds)

    def __exit__(self, *exception):
        self._set(900)

    def _set(self, seconds: int) -> None:
        """By a login of its own: the last one may have been flushed with Redis, or be stale."""
        self.journey.staff("super_admin").save(PARAMETERS, ORDER_TTL_SECONDS=seconds)


def kill_worker_and_flush_redis(journey: Journey):
    """The worker dies, Redis forgets everything; the returned call waits for the worker."""
    worker = journey.stack.pid("worker")
    os.kill(worker, signal.SIGKILL)
    if os.environ.get("REDIS_URL"):
        redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
    journey.story.step("worker killed, Redis flushed", pid=worker)

    def after():
        until("back", lambda: journey.stack.pid("worker") != worker, seconds=60)
        journey.story.step("the worker is back", pid=journey.stack.pid("worker"))

    return after


def nothing_doubled(journey: Journey) -> None:
    """What the provider paid out and what it sent is there once."""
    kept = journey.sandbox.book()["net_by_trade"]
    expect(min(kept.values()) >= 0, f"more went back than came: {kept}")
    sent = [
        json.dumps([row["to"], row["template_id"], row["data"]], sort_keys=True)
        for row in journey.sandbox.outbox("subscribe")
    ]
    expect(len(sent) == len(set(sent)), "no message went out twice")
    journey.story.step("nothing doubled", payments=len(kept), messages=len(sent))


def run(stack: Stack, *, chaos: bool = False) -> None:
    chaos = chaos and stack.pids_file is not None
    journey = Journey(stack)
    happy_story(journey, chaos=kill_worker_and_flush_redis if chaos else None)
    leave_moves_a_session(journey)
    with short_time_to_pay(journey, 6):
        unpaid_order_expires(journey)
        late_payment_goes_back(journey)
    review_once(journey)
    nothing_doubled(journey)
    journey.story.step("journey complete")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chaos", action="store_true")
    return tell(partial(run, chaos=parser.parse_args().chaos))


if __name__ == "__main__":
    sys.exit(main())
