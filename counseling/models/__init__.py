from counseling.models.applications import CounselorApplication, CounselorApplicationStatus
from counseling.models.appointments import Appointment, AppointmentStatus
from counseling.models.clients import ClientProfile, Relation
from counseling.models.counselors import (
    Counselor,
    CounselorStatus,
    Location,
    Mode,
    Service,
    ServiceKind,
    practising,
)
from counseling.models.disputes import Dispute, DisputeEvidence, DisputeReason, DisputeStatus
from counseling.models.leave import (
    AffectedAppointment,
    AffectedStatus,
    LeaveKind,
    LeaveRequest,
    LeaveStatus,
)
from counseling.models.notes import AccessStatus, NoteAccess, SessionNote
from counseling.models.qualifications import (
    Qualification,
    QualificationKind,
    QualificationStatus,
)
from counseling.models.reschedules import Reschedule, Side
from counseling.models.reviews import Review, ReviewTag
from counseling.models.schedule import (
    ExceptionKind,
    Holiday,
    HolidayKind,
    ScheduleException,
    SlotStatus,
    TimeSlot,
    Weekday,
    WeeklyTemplate,
)
from counseling.models.visits import CounselorVisits

__all__ = [
    "AccessStatus",
    "AffectedAppointment",
    "AffectedStatus",
    "Appointment",
    "AppointmentStatus",
    "ClientProfile",
    "Counselor",
    "CounselorApplication",
    "CounselorApplicationStatus",
    "CounselorStatus",
    "CounselorVisits",
    "Dispute",
    "DisputeEvidence",
    "DisputeReason",
    "DisputeStatus",
    "ExceptionKind",
    "Holiday",
    "HolidayKind",
    "LeaveKind",
    "LeaveRequest",
    "LeaveStatus",
    "Location",
    "Mode",
    "NoteAccess",
    "Qualification",
    "QualificationKind",
    "QualificationStatus",
    "Relation",
    "Reschedule",
    "Review",
    "ReviewTag",
    "ScheduleException",
    "Service",
    "ServiceKind",
    "SessionNote",
    "Side",
    "SlotStatus",
    "TimeSlot",
    "Weekday",
    "WeeklyTemplate",
    "practising",
]
