from counseling.models.appointments import Appointment, AppointmentStatus
from counseling.models.clients import ClientProfile, Relation
from counseling.models.counselors import (
    Counselor,
    CounselorStatus,
    Mode,
    Service,
    ServiceKind,
)
from counseling.models.disputes import Dispute, DisputeReason, DisputeStatus
from counseling.models.leave import (
    AffectedAppointment,
    AffectedStatus,
    LeaveKind,
    LeaveRequest,
    LeaveStatus,
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
    "AffectedAppointment",
    "AffectedStatus",
    "Appointment",
    "AppointmentStatus",
    "ClientProfile",
    "Counselor",
    "CounselorStatus",
    "CounselorVisits",
    "Dispute",
    "DisputeReason",
    "DisputeStatus",
    "ExceptionKind",
    "Holiday",
    "HolidayKind",
    "LeaveKind",
    "LeaveRequest",
    "LeaveStatus",
    "Mode",
    "Relation",
    "Reschedule",
    "Review",
    "ReviewTag",
    "ScheduleException",
    "Service",
    "ServiceKind",
    "Side",
    "SlotStatus",
    "TimeSlot",
    "Weekday",
    "WeeklyTemplate",
]
