from django.urls import path

from config.api.routers import ApiRouter
from counseling.views.applications import CounselorApplicationViewSet
from counseling.views.appointments import AppointmentViewSet
from counseling.views.clients import ClientProfileViewSet
from counseling.views.counselors import CounselorViewSet
from counseling.views.disputes import DisputeViewSet
from counseling.views.leave import AffectedAppointmentViewSet, LeaveRequestViewSet
from counseling.views.notes import NoteAccessViewSet, SessionNoteViewSet
from counseling.views.practice import OwnLocationViewSet, OwnServiceViewSet, PracticeViewSet
from counseling.views.qualifications import QualificationViewSet
from counseling.views.reviews import ReviewViewSet
from counseling.views.schedule import ScheduleExceptionViewSet, WeeklyTemplateViewSet
from counseling.views.slots import TimeSlotViewSet
from counseling.views.stats import AppointmentStatsViewSet
from counseling.views.tags import DiseaseTagViewSet

router = ApiRouter()
router.register(
    "counselor/applications", CounselorApplicationViewSet, basename="counselor-application"
)
router.register("counselor/qualifications", QualificationViewSet, basename="qualification")
router.register("counselor/services", OwnServiceViewSet, basename="own-service")
router.register("counselor/locations", OwnLocationViewSet, basename="own-location")
router.register("counselor", CounselorViewSet, basename="counselor")
router.register("time-slots", TimeSlotViewSet, basename="time-slot")
router.register("schedule-templates", WeeklyTemplateViewSet, basename="schedule-template")
router.register("schedule-exceptions", ScheduleExceptionViewSet, basename="schedule-exception")
router.register("client-profile", ClientProfileViewSet, basename="client-profile")
router.register("appointment", AppointmentViewSet, basename="appointment")
router.register("review", ReviewViewSet, basename="review")
router.register("dispute", DisputeViewSet, basename="dispute")
router.register("leave-requests", LeaveRequestViewSet, basename="leave-request")
router.register(
    "affected-appointments", AffectedAppointmentViewSet, basename="affected-appointment"
)
router.register("session-note", SessionNoteViewSet, basename="session-note")
router.register("note-access", NoteAccessViewSet, basename="note-access")
router.register("disease-tags", DiseaseTagViewSet, basename="disease-tag")

urlpatterns = [
    path(
        "stat/appointment",
        AppointmentStatsViewSet.as_view({"get": "retrieve"}),
        name="stat-appointment",
    ),
    path(
        "stat/appointment/export",
        AppointmentStatsViewSet.as_view({"post": "export"}),
        name="stat-appointment-export",
    ),
    path(
        "counselor/mine",
        PracticeViewSet.as_view({"get": "show", "patch": "change"}),
        name="practice",
    ),
    path(
        "counselor/mine/submit",
        PracticeViewSet.as_view({"post": "submit"}),
        name="practice-submit",
    ),
    *router.urls,
]
