from django.urls import path

from config.api.routers import ApiRouter
from counseling.views.appointments import AppointmentViewSet
from counseling.views.clients import ClientProfileViewSet
from counseling.views.counselors import CounselorViewSet
from counseling.views.disputes import DisputeViewSet
from counseling.views.reviews import ReviewViewSet
from counseling.views.slots import TimeSlotViewSet
from counseling.views.stats import AppointmentStatsViewSet
from counseling.views.tags import DiseaseTagViewSet

router = ApiRouter()
router.register("counselor", CounselorViewSet, basename="counselor")
router.register("time-slots", TimeSlotViewSet, basename="time-slot")
router.register("client-profile", ClientProfileViewSet, basename="client-profile")
router.register("appointment", AppointmentViewSet, basename="appointment")
router.register("review", ReviewViewSet, basename="review")
router.register("dispute", DisputeViewSet, basename="dispute")
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
    *router.urls,
]
