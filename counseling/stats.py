"""Figures about sessions: booked, held, and counselors who wait for a review."""

from datetime import datetime

from django.db.models import Count

from accounts.models import User
from accounts.scope import seen_by
from config.dashboard import TREND_DAYS, Figure, Line, Panel, Queue
from config.days import Daily, by_day
from config.measures import Measure
from counseling.models import (
    AffectedAppointment,
    Appointment,
    ClientProfile,
    Counselor,
    CounselorApplication,
    CounselorApplicationStatus,
    CounselorStatus,
    Dispute,
    LeaveRequest,
    LeaveStatus,
    Qualification,
    QualificationStatus,
)
from counseling.services.session_figures import HELD, MADE

_SEE, _PUBLISH = "counseling.view_appointment", "counseling.publish_counselor"
_DECIDE = "counseling.decide_dispute"

_WAITING = (
    (
        "待审核的咨询师申请",
        CounselorApplication.objects.filter(status=CounselorApplicationStatus.PENDING),
        "counseling.review_counselorapplication",
        "admin:counseling_counselorapplication_changelist",
        "pending",
    ),
    (
        "待审核的资质",
        Qualification.objects.filter(status=QualificationStatus.PENDING),
        "counseling.review_qualification",
        "admin:counseling_qualification_changelist",
        "pending",
    ),
    (
        "待审批的休假",
        LeaveRequest.objects.filter(status=LeaveStatus.PENDING),
        "counseling.review_leaverequest",
        "admin:counseling_leaverequest_changelist",
        "pending",
    ),
    (
        "待处理的受影响预约",
        AffectedAppointment.objects.unsettled(),
        "counseling.handle_affectedappointment",
        "admin:counseling_affectedappointment_changelist",
        "open",
    ),
)

PROFILES = Measure(
    "client_profiles", "来访者档案", ClientProfile.objects.all, feature=True, sensitive=True
)
BOOKINGS = Measure(
    "bookings", "预约咨询", Appointment.objects.all, moment=MADE, feature=True, sensitive=True
)
MEASURES = [PROFILES, BOOKINGS]


def bookings(now: datetime, *, viewer: User | None = None, count: int = TREND_DAYS) -> Daily:
    """Appointments by the day they were made, whatever became of them."""
    rows = seen_by(Appointment.objects.all(), viewer, _SEE)
    measures = {"booked": (Count, "pk")}
    return by_day(rows, MADE, now=now, count=count, **measures)["booked"]


def sessions(now: datetime, *, viewer: User | None = None, count: int = TREND_DAYS) -> Daily:
    """Sessions by the day they start on; today's hold those still to come."""
    held = seen_by(Appointment.objects.filter(HELD), viewer, _SEE)
    return by_day(held, "start_at", now=now, count=count, sessions=(Count, "pk"))["sessions"]


def counselors_in_review(viewer: User | None = None) -> int:
    waiting = Counselor.objects.filter(status=CounselorStatus.REVIEWING)
    return seen_by(waiting, viewer, _PUBLISH).count()


def open_disputes(viewer: User | None = None) -> int:
    return seen_by(Dispute.objects.open(), viewer, _DECIDE).count()


def panel(user: User, now: datetime) -> Panel:
    """The dashboard's part about counseling."""
    figures, queues, lines = [], [], []
    if user.has_perm(_SEE):
        booked = bookings(now, viewer=user)
        page = "admin:counseling_appointment_changelist"
        figures += [
            Figure("新预约", booked, "event_available", page),
            Figure("今日咨询", sessions(now, viewer=user), "psychology", page, whole_day=True),
        ]
        lines.append(Line("近 14 天业务量", "新预约", booked))
    if user.has_perm(_DECIDE):
        page, query = "admin:counseling_dispute_changelist", "status__in=open,answered"
        queues.append(Queue("待裁定的争议", open_disputes(user), page, query))
    if user.has_perm(_PUBLISH):
        page, query = "admin:counseling_counselor_changelist", "status__exact=reviewing"
        queues.append(Queue("待审核的咨询师", counselors_in_review(user), page, query))
    queues += [
        Queue(title, seen_by(waiting, user, permission).count(), page, f"status__exact={status}")
        for title, waiting, permission, page, status in _WAITING
        if user.has_perm(permission)
    ]
    return Panel(figures, queues, lines)
