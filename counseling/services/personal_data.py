"""What counseling keeps about a person; see accounts.services.holdings."""

from datetime import date

from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.holdings import PSEUDONYM, Blocker, Holding
from counseling.models import (
    AffectedAppointment,
    Appointment,
    ClientProfile,
    Counselor,
    CounselorStatus,
    CounselorVisits,
    Dispute,
    Holiday,
    LeaveRequest,
    Reschedule,
    Review,
    ScheduleException,
    Service,
    TimeSlot,
    WeeklyTemplate,
)

_NO_DATE = date(1900, 1, 1)

HOLDINGS = (
    # Appointments point at profiles, and a booking under way queues at them: archived they refuse.
    Holding(
        ClientProfile,
        clear={
            "gender": "", "birth_date": _NO_DATE, "phone": "",
            "emergency_name": "", "emergency_phone": "", "guardian_name": "",
            "guardian_consented_at": None, "archived_at": Coalesce(F("archived_at"), Now()),
        },
        keep=("name", "row_key"), hidden=("row_key",),
    ),
    Holding(Appointment, clear={"note": "", "cancel_reason": ""}, keep=("number",)),
    Holding(
        Dispute, "appointment__user", clear={"text": "", "answer": ""},
        keep=("number", "decision_note"),
    ),
    Holding(Reschedule, "appointment__user", clear={"reason": ""}),
    Holding(
        Review, clear={"comment": "", "is_anonymous": True},
        keep=("tags", "reply", "moderation_note"),
    ),
    Holding(
        Counselor,
        clear={
            "name": "已注销咨询师", "title": "", "bio": "", "avatar": "", "gender": "", "city": "",
            "languages": [], "orientation": "", "practice_years": 0, "practice_hours": 0,
        },
    ),
    Holding(Service, "counselor__user", clear={}),
    Holding(
        WeeklyTemplate, "counselor__user", clear={},
        keep=("valid_from", "valid_until", "anchor_date"),
    ),
    Holding(ScheduleException, "counselor__user", clear={"note": ""}, keep=("date",)),
    Holding(TimeSlot, "counselor__user", clear={}),
    Holding(
        LeaveRequest, "counselor__user", clear={"reason": "", "review_note": ""},
        keep=("row_key",), hidden=("row_key",),
    ),
    Holding(AffectedAppointment, "appointment__user", clear={}),
)  # fmt: skip
IMPERSONAL = {
    CounselorVisits: "how often a page was looked at, by whomever",
    Holiday: "the calendar",
}


def lock(user: User) -> None:
    """Whoever books for the person holds their oldest profile."""
    list(ClientProfile.objects.locked().filter(user=user).values_list("pk"))
    list(Counselor.objects.locked().filter(user=user).values_list("pk"))


def blockers(user: User) -> list[Blocker]:
    counts = {
        "appointments": (_("有尚未结束的预约"), Appointment.objects.live().filter(user=user)),
        "disputes": (
            _("有尚未裁定的预约争议"),
            Dispute.objects.open().filter(appointment__user=user),
        ),
        "sessions": (
            _("作为咨询师，有尚未结束的预约"),
            Appointment.objects.live().filter(counselor__user=user),
        ),
        "counselor": (
            _("咨询师主页仍在上架或审核中，请先下架"),
            Counselor.objects.filter(
                user=user, status__in=(CounselorStatus.PUBLISHED, CounselorStatus.REVIEWING)
            ),
        ),
    }
    found = {code: (words, rows.order_by().count()) for code, (words, rows) in counts.items()}
    return [Blocker(code, words, count) for code, (words, count) in found.items() if count]


def erase(user: User) -> None:
    """A sealed column is written row by row."""
    for client in ClientProfile.objects.locked().filter(user=user):
        client.name = PSEUDONYM
        client.save(update_fields=["name"])
