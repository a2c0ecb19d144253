"""What counseling keeps about a person; see accounts.services.holdings."""

from datetime import date

from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from accounts.audit import move
from accounts.models import User
from accounts.services.holdings import PSEUDONYM, Blocker, Holding
from counseling.models import (
    AffectedAppointment,
    Appointment,
    ClientProfile,
    Counselor,
    CounselorApplication,
    CounselorApplicationStatus,
    CounselorStatus,
    CounselorVisits,
    Dispute,
    DisputeEvidence,
    Holiday,
    LeaveRequest,
    Location,
    NoteAccess,
    Qualification,
    QualificationStatus,
    Reschedule,
    Review,
    ScheduleException,
    Service,
    SessionNote,
    TimeSlot,
    WeeklyTemplate,
)

_NO_DATE = date(1900, 1, 1)
# What somebody says of their practice, gone (counseling.models.counselors.Profile).
_NO_PROFILE = {
    "name": "已注销咨询师", "title": "", "bio": "", "gender": "", "city": "", "languages": [],
    "training": "", "orientation": "", "practice_years": 0, "practice_hours": 0,
    "supervision_hours": 0,
}  # fmt: skip

HOLDINGS = (
    # Appointments point at profiles, and a booking under way queues at them: archived they refuse.
    Holding(
        ClientProfile,
        clear={
            "gender": "", "birth_date": _NO_DATE, "phone": "",
            "emergency_name": "", "emergency_phone": "", "guardian_name": "",
            "guardian_phone": "",
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
    # That there is one, to its client; its words are the counselor's work (docs/decisions).
    Holding(SessionNote, "appointment__user", hidden=("author", "row_key", "note")),
    Holding(
        NoteAccess, "appointment__user", clear={}, keep=("reason",),
        hidden=("requested_by", "decided_by"),
    ),
    Holding(
        Review, clear={"comment": "", "is_anonymous": True},
        keep=("tags", "reply", "moderation_note"),
    ),
    Holding(
        Counselor,
        clear=_NO_PROFILE | {"avatar": ""},
    ),
    Holding(CounselorApplication, clear=_NO_PROFILE | {"review_note": ""}),
    Holding(
        Qualification,
        clear={"issuer": "", "issued_on": _NO_DATE, "expires_on": None, "review_note": ""},
        keep=("number", "row_key"), hidden=("row_key",),
    ),
    Holding(Location, "counselor__user", clear={"city": "", "address": ""}),
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
    DisputeEvidence: "which upload is evidence in which dispute",
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
        "counselor_application": (
            _("咨询师申请正在审核中，请先撤回"),
            CounselorApplication.objects.filter(
                user=user, status=CounselorApplicationStatus.PENDING
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
    for row in Qualification.objects.locked().filter(user=user):
        row.number = PSEUDONYM
        row.save(update_fields=["number"])
        if row.status == QualificationStatus.PENDING:
            move(row, QualificationStatus.REJECTED, reason="账号注销")
