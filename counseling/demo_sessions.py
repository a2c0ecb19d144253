"""Demo appointments: booked, paid for, given up, moved, over and disputed."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from commerce.models import Order
from commerce.services.orders import cancel_order
from commerce.services.payments import status_of
from commerce.services.starting import start_payment
from config.demo import Demo
from counseling.errors import OverlappingAppointment
from counseling.models import Appointment, ClientProfile, Counselor, Service, TimeSlot
from counseling.services.appointments import book, cancel, complete, mark_no_show
from counseling.services.availability import bookable
from counseling.services.disputes import open_dispute
from counseling.services.rescheduling import reschedule

OVER = 1  # the booking, of the demo's client, that took place and waits for their review
NOTES = ["最近睡眠不好，想聊聊工作压力", "和伴侣沟通总是吵架", "孩子开学后情绪低落", ""]


def make_appointments(demo: Demo, clients: list[ClientProfile]) -> list[Appointment]:
    """Booked by people of the sandbox, most of them paid for, some cancelled."""
    free = list(
        bookable(timezone.now() + timedelta(days=2)).order_by("pk")
        .values_list("pk", "counselor_id")
    )  # fmt: skip
    demo.random.shuffle(free)
    _begin_with(free, Counselor.objects.filter(user__username="counselor").first())
    payers = [client for client in clients if client.user_id in demo.made.get("personas", {})]
    wanted = demo.size(24, 1200) if payers else 0
    slots, made = iter(free), []
    for number in range(wanted):
        payer = payers[0 if number == OVER else number % len(payers)]
        appointment = book_next(demo, payer, slots)
        if appointment is None:
            break
        _go_on(demo, appointment, number)
        made.append(appointment)
    _spread_over_two_weeks(demo)
    _let_some_be_over(demo, made)
    _move_and_dispute([appointment.pk for appointment in made[1:]])
    return made


def _begin_with(free: list[tuple[int, int]], counselor: Counselor | None) -> None:
    """The first is paid for: whoever logs in as the demo's counselor has somebody coming."""
    for place, (_, counselor_id) in enumerate(free):
        if counselor is not None and counselor_id == counselor.pk:
            free.insert(0, free.pop(place))
            return


def book_next(
    demo: Demo, client: ClientProfile, slots: Iterator[tuple[int, int]]
) -> Appointment | None:
    """The next of these slots at which the client has no other session; None when none is left."""
    for slot_id, counselor_id in slots:
        services = list(Service.objects.filter(counselor_id=counselor_id, is_active=True))
        service, note = demo.random.choice(services), demo.random.choice(NOTES)
        with suppress(OverlappingAppointment):
            order = book(
                user=client.user, slot_id=slot_id, service_id=service.pk, client_id=client.pk,
                note=note,
            )  # fmt: skip
            return Appointment.objects.get(order_item__order=order)
    return None


def _go_on(demo: Demo, appointment: Appointment, number: int) -> None:
    """One in ten stays unpaid, one is given up before paying, two are cancelled after."""
    user, order = appointment.user, appointment.order_item.order
    if order.total_amount == 0:
        return
    if number % 10 == 9:
        return
    if number % 10 == 8:
        cancel_order(order.pk, actor=user)
        return
    payment = start_payment(order.pk, user=user, method="wechat").payment
    demo.outside.pay(payment.number)
    status_of(payment)
    if number % 10 in {6, 7}:
        cancel(appointment.pk, actor=user, reason="行程有变")


def _move_and_dispute(ids: list[int]) -> None:
    """One session has another time than it was booked for, one that is over is disputed."""
    made = Appointment.objects.filter(pk__in=ids).order_by("pk")
    for moved in made.filter(status="confirmed")[:1]:
        move_on(moved)
    for over in made.filter(status="completed")[:1]:
        text = "只谈了二十分钟，后来一直没有信号"
        open_dispute(over.pk, actor=over.user, reason="service", text=text, now=over.end_at)


def move_on(session: Appointment) -> None:
    """To the next time of its counselor at which the client has no other session."""
    free = bookable(session.start_at).filter(counselor=session.counselor_id)
    for slot in free.order_by("start_at"):
        with suppress(OverlappingAppointment):
            actor = session.counselor.user
            reschedule(session.pk, slot_id=slot.pk, actor=actor, reason="临时会议")
            return


def _spread_over_two_weeks(demo: Demo) -> None:
    """Charts want a past: what was just made is dated back at random."""
    now = timezone.now()
    for order in Order.objects.filter(~Q(status="pending")):
        moment = now - timedelta(days=demo.random.randrange(14), minutes=demo.random.randrange(600))
        paid_at = moment + timedelta(minutes=2) if order.paid_at else None
        Order.objects.filter(pk=order.pk).update(created_at=moment, paid_at=paid_at)
        Appointment.objects.filter(order_item__order=order).update(created_at=moment)


def _let_some_be_over(demo: Demo, made: list[Appointment]) -> None:
    """Figures want sessions that took place: two of three were four weeks earlier."""
    back = timedelta(days=28)
    ids = [appointment.pk for appointment in made[1:]]  # the first is still to come
    booked = Appointment.objects.filter(pk__in=ids, status="confirmed").order_by("pk")
    for number, session in enumerate(booked.select_related("counselor__user", "order_item")):
        start, end = session.start_at - back, session.end_at - back
        if number % 3 == 2 or end > timezone.now():
            continue
        moment = start - timedelta(days=demo.random.randrange(2, 9))
        paid_at = moment + timedelta(minutes=2)
        TimeSlot.objects.filter(pk=session.slot_id).update(start_at=start, end_at=end)
        Appointment.objects.filter(pk=session.pk).update(
            start_at=start, end_at=end, created_at=moment
        )
        order = Order.objects.filter(pk=session.order_item.order_id)
        order.update(created_at=moment, paid_at=paid_at)
        finish = mark_no_show if number % 6 == 4 else complete
        finish(session.pk, actor=session.counselor.user)
        order.update(completed_at=end)
