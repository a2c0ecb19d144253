"""Counselors with their time, and what the owner booked."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import AgreementKind
from accounts.services.consents import give_consent, publish_agreement
from commerce.models import Order, OrderItem, OrderStatus, Payment, PaymentStatus, Refund
from counseling.models import (
    AffectedAppointment,
    Appointment,
    ClientProfile,
    Counselor,
    Dispute,
    Holiday,
    LeaveRequest,
    NoteAccess,
    Review,
    ScheduleException,
    Service,
    SessionNote,
    SlotStatus,
    TimeSlot,
    WeeklyTemplate,
)
from counseling.services.qualifications import FOR_EVER
from tests.factories.commerce import AddressFactory
from tests.factories.counseling import ApplicationFactory, LocationFactory, QualificationFactory
from tests.factories.media import FileFactory


class Practice:
    def _practice(self):
        self.booking_agreement = publish_agreement(
            kind=AgreementKind.BOOKING, title="预约协议", body="正文"
        )
        self.version = self.booking_agreement.version
        for user in (self.owner, self.stranger):
            give_consent(
                user, kind=AgreementKind.BOOKING, version=self.version, ip_address="127.0.0.1"
            )
        for name in ("counselor", "other_counselor"):
            practice = Counselor.objects.create(
                user=self.users[name],
                name=f"{name}老师",
                status="published",
                lowest_price=300,
                qualified_until=FOR_EVER,
            )
            practice.specialties.add(self.tag)
            setattr(self, f"{name}_row", practice)
        self.studio = LocationFactory(counselor=self.counselor_row)
        self.service = Service.objects.create(counselor=self.counselor_row, price=Decimal(300))
        self.template = WeeklyTemplate.objects.create(
            counselor=self.counselor_row, weekday=0, start_time="09:00", end_time="12:00"
        )
        self.exception = ScheduleException.objects.create(
            counselor=self.counselor_row, date=timezone.localdate(), kind="off", note="外出培训"
        )
        self.holiday = Holiday.objects.create(date=date(2026, 10, 1), name="国庆节")
        day = (timezone.now() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
        self.slots = [
            TimeSlot.objects.create(
                counselor=self.counselor_row,
                start_at=day + timedelta(hours=hour),
                end_at=day + timedelta(hours=hour, minutes=50),
            )
            for hour in range(9)
        ]
        self.slot = self.slots[0]

    def _owners_application(self):
        """Somebody who wants to be a counselor: with a certificate that waits, too."""
        self.scan = FileFactory(owner=self.owner, purpose="qualification")
        self.qualification = QualificationFactory(user=self.owner, number="XLX-2021-000987")
        self.qualification.files.add(self.scan)
        self.application = ApplicationFactory(user=self.owner)

    def _owners_things(self):
        self.profile = ClientProfile.objects.create(
            user=self.owner, name="林小满", birth_date=date(1995, 5, 20), phone="13911112222"
        )
        self.order, self.appointment = self._booking(self.slots[1], OrderStatus.PENDING)
        self.paid_order, self.paid_appointment = self._booking(self.slots[2], OrderStatus.PAID)
        self.leave = LeaveRequest.objects.create(
            counselor=self.counselor_row, start_at=self.slots[2].start_at,
            end_at=self.slots[2].end_at, status="approved", reason="去医院复查",
        )  # fmt: skip
        self.hit = AffectedAppointment.objects.create(
            leave=self.leave, appointment=self.paid_appointment,
            deadline_at=timezone.now() + timedelta(days=2),
        )  # fmt: skip
        self.hit.offered_slots.add(self.slots[4])
        self.payment = Payment.objects.create(
            number="PAYMATRIX000000000001", order=self.paid_order, method="wechat", amount=300,
            status=PaymentStatus.SUCCEEDED, payer="openid", transaction_id="TX1",
            expires_at=timezone.now(), paid_at=timezone.now(), next_query_at=None,
        )  # fmt: skip
        Order.objects.filter(pk=self.paid_order.pk).update(paid_by=self.payment)
        self.refund = Refund.objects.create(
            number="REFMATRIX000000000001", payment=self.payment, order=self.paid_order,
            amount=100, key="request", reason_code="other", requested_by=self.owner,
        )  # fmt: skip

        self.disputed = self._booking(self.slots[3], OrderStatus.PAID)[1]
        self.dispute = Dispute.objects.create(
            number="DSPMATRIX000000000001", appointment=self.disputed, reason="other",
            text="讲了别人的事", answer="没有", answer_by=timezone.now(), decide_by=timezone.now(),
        )  # fmt: skip

        self.address = AddressFactory(user=self.owner, is_default=True)
        self._sessions_held()

    def _sessions_held(self):
        """One to be reviewed, one that was, one whose review is hidden."""
        held = [self._booking(slot, OrderStatus.PAID)[1] for slot in self.slots[6:9]]
        self.held_appointment = held[0]
        Appointment.objects.filter(pk__in=[row.pk for row in held]).update(status="completed")
        self.note = SessionNote.objects.create(
            appointment=held[0], author=self.counselor, note="她说起了童年",
            locks_at=timezone.now() + timedelta(days=7),
        )  # fmt: skip
        asked = {"appointment": held[0], "requested_by": self.super_admin, "reason": "投诉核查"}
        self.access = NoteAccess.objects.create(**asked)
        self.open_access = NoteAccess.objects.create(
            **asked, status="approved", decided_by=self.admin, decided_at=timezone.now(),
            ends_at=timezone.now() + timedelta(hours=1),
        )  # fmt: skip
        said = {"counselor": self.counselor_row, "user": self.owner, "rating": 5, "comment": "谢谢"}
        self.said = Review.objects.create(appointment=held[1], **said)
        self.hidden_said = Review.objects.create(appointment=held[2], status="hidden", **said)

    def _booking(self, slot: TimeSlot, status: str) -> tuple[Order, Appointment]:
        paid = status == OrderStatus.PAID
        order = Order.objects.create(
            number=f"ORDMATRIX{slot.pk:012}", user=self.owner, total_amount=300, status=status,
            expires_at=timezone.now() + timedelta(minutes=15),
            paid_at=timezone.now() if paid else None,
        )  # fmt: skip
        item = OrderItem.objects.create(
            order=order, kind="appointment", target_id=slot.pk, title="咨询", unit_price=300
        )
        TimeSlot.objects.filter(pk=slot.pk).update(
            status=SlotStatus.BOOKED if paid else SlotStatus.HELD
        )
        appointment = Appointment.objects.create(
            number=f"APTMATRIX{slot.pk:012}", user=self.owner, client=self.profile,
            counselor=self.counselor_row, slot=slot, service=self.service, order_item=item,
            agreement=self.booking_agreement, kind="individual", mode="video",
            start_at=slot.start_at, end_at=slot.end_at, price=300, note="最近总是睡不着",
            free_cancel_until=slot.start_at - timedelta(hours=24),
            fee_cancel_until=slot.start_at - timedelta(hours=2), cancel_fee_percent=30,
            status="confirmed" if paid else "pending_payment",
        )  # fmt: skip
        return order, appointment
