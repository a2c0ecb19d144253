from counseling.models.appointments import Appointment, AppointmentStatus
from counseling.models.clients import ClientProfile, Relation
from counseling.models.counselors import (
    Counselor,
    CounselorStatus,
    Mode,
    Service,
    ServiceKind,
)
from counseling.models.reschedules import Reschedule, Side
from counseling.models.schedule import SlotStatus, TimeSlot, WeeklyTemplate

__all__ = [
    "Appointment",
    "AppointmentStatus",
    "ClientProfile",
    "Counselor",
    "CounselorStatus",
    "Mode",
    "Relation",
    "Reschedule",
    "Service",
    "ServiceKind",
    "Side",
    "SlotStatus",
    "TimeSlot",
    "WeeklyTemplate",
]
