from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.audit import log_request
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound
from counseling import errors
from counseling.models import Counselor, Location, Service
from counseling.serializers.practice import (
    LocationBodySerializer,
    OwnLocationSerializer,
    OwnServiceSerializer,
    PracticeBodySerializer,
    PracticeSerializer,
    ServiceBodySerializer,
)
from counseling.services import practice

_SERVICE = (NotFound, errors.ServiceExists, errors.LocationUnknown, errors.LocationNeeded)


class Logged:
    """What counselors change is read by clients at once: so it stands in the operation log."""

    def finalize_response(self, request, response, *args, **kwargs):
        if request.method != "GET" and response.status_code < 400:
            log_request(request, request.user)
        return super().finalize_response(request, response, *args, **kwargs)


class PracticeViewSet(Logged, ApiViewSet):
    """/counselor/mine: a counselor's own profile."""

    serializer_class = PracticeSerializer
    filter_backends = []
    pagination_class = None
    log_target = "counselor"
    permissions = {"show": LOGIN, "change": LOGIN, "submit": LOGIN}
    summaries = {
        "show": "我的咨询师主页",
        "change": "修改我的咨询师主页",
        "submit": "提交上架",
    }
    refusals = {
        "show": (NotFound,),
        "change": (NotFound, errors.SpecialtyUnknown),
        "submit": (NotFound, IllegalTransition, errors.CounselorIncomplete),
    }

    def show(self, request):
        rows = Counselor.objects.visible_to(request.user).with_practising(timezone.now())
        return Response(PracticeSerializer(get_object_or_404(rows)).data)

    @extend_schema(request=PracticeBodySerializer)
    def change(self, request):
        """Clients read it at once; name and gender stay once the profile has been published."""
        body = self.body(PracticeBodySerializer, partial=True)
        practice.change_profile(user=request.user, **body)
        return self.show(request)

    @extend_schema(request=None)
    def submit(self, request):
        """Ask staff to publish it."""
        practice.submit_profile(user=request.user)
        return self.show(request)


class OwnServiceViewSet(Logged, mixins.ListModelMixin, ApiViewSet):
    """/counselor/services: what one offers oneself, also what was taken off."""

    serializer_class = OwnServiceSerializer
    filter_backends = []
    log_target = "service"
    permissions = {"list": LOGIN, "create": LOGIN, "partial_update": LOGIN}
    refusals = {"create": _SERVICE, "partial_update": (*_SERVICE, errors.LastService)}

    def get_queryset(self):
        return Service.objects.filter(counselor__user=self.request.user).order_by("pk")

    @extend_schema(request=ServiceBodySerializer, responses={201: OwnServiceSerializer})
    def create(self, request):
        service = practice.add_service(user=request.user, **self.body(ServiceBodySerializer))
        return Response(OwnServiceSerializer(service).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ServiceBodySerializer)
    def partial_update(self, request, pk):
        """Booked sessions keep what was agreed; is_active false takes it off."""
        body = self.body(ServiceBodySerializer, partial=True)
        service = practice.change_service(int(pk), user=request.user, **body)
        return Response(OwnServiceSerializer(service).data)


class OwnLocationViewSet(Logged, mixins.ListModelMixin, ApiViewSet):
    """/counselor/locations: one's own studios."""

    serializer_class = OwnLocationSerializer
    filter_backends = []
    log_target = "location"
    permissions = {"list": LOGIN, "create": LOGIN, "partial_update": LOGIN, "destroy": LOGIN}
    refusals = {
        "create": (NotFound,),
        "partial_update": (NotFound,),
        "destroy": (NotFound, errors.LocationInUse),
    }

    def get_queryset(self):
        return Location.objects.filter(counselor__user=self.request.user).order_by("pk")

    @extend_schema(request=LocationBodySerializer, responses={201: OwnLocationSerializer})
    def create(self, request):
        location = practice.add_location(user=request.user, **self.body(LocationBodySerializer))
        return Response(OwnLocationSerializer(location).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=LocationBodySerializer)
    def partial_update(self, request, pk):
        body = self.body(LocationBodySerializer, partial=True)
        location = practice.change_location(int(pk), user=request.user, **body)
        return Response(OwnLocationSerializer(location).data)

    def destroy(self, request, pk):
        practice.delete_location(int(pk), user=request.user)
        return Response({})
