from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.idempotency import idempotent
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import Forbidden, IllegalTransition, NotFound
from counseling import errors
from counseling.filters import AffectedFilter, LeaveFilter
from counseling.models import AffectedAppointment, LeaveKind, LeaveRequest
from counseling.serializers.appointments import CancelSerializer
from counseling.serializers.leave import (
    AcceptBodySerializer,
    AffectedAppointmentSerializer,
    ImpactSerializer,
    LeaveBodySerializer,
    LeaveDetailSerializer,
    LeaveRequestSerializer,
    OfferSlotsSerializer,
)
from counseling.services import affected, leave

_ASKING = (NotFound, errors.LeaveTimeInvalid, errors.LeaveOverlap)
_HANDLING = (NotFound, Forbidden, IllegalTransition)
# What was offered may have been taken since, or suit nobody any more.
_CHOOSING = (
    NotFound,
    IllegalTransition,
    errors.HandlingOver,
    errors.SlotNotOffered,
    errors.SlotTaken,
    errors.SlotUnknown,
    errors.SlotNotBookable,
    errors.SlotNotOfferable,
    errors.ServiceTooLong,
    errors.OverlappingAppointment,
)


class LeaveRequestViewSet(ApiViewSet):
    """/leave-requests: a counselor's own; for staff those of counselors whose time they plan."""

    serializer_class = LeaveRequestSerializer
    filterset_class = LeaveFilter
    ordering_fields = ["start_at", "created_at"]
    permissions = dict.fromkeys(("list", "retrieve", "create", "preview", "withdraw"), LOGIN)
    refusals = {
        "create": _ASKING,
        "preview": _ASKING,
        "withdraw": (NotFound, IllegalTransition, errors.LeaveTimeInvalid),
    }
    summaries = {
        "list": "休假申请列表",
        "retrieve": "休假申请详情",
        "create": "申请休假",
        "preview": "预览休假影响的预约与时段",
        "withdraw": "撤回休假申请或销假",
    }

    def get_queryset(self):
        rows = LeaveRequest.objects.visible_to(self.request.user).filter(kind=LeaveKind.LEAVE)
        return rows.select_related("counselor").order_by("-pk")

    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()))

    @extend_schema(responses=LeaveDetailSerializer)
    def retrieve(self, request, pk):
        return Response(self._shown(pk))

    @extend_schema(request=LeaveBodySerializer, responses={201: LeaveDetailSerializer})
    @idempotent
    def create(self, request):
        body = self.body(LeaveBodySerializer)
        made = leave.request_leave(body.pop("counselor_id"), actor=request.user, **body)
        return Response(self._shown(made.pk), status=status.HTTP_201_CREATED)

    @extend_schema(request=LeaveBodySerializer, responses=ImpactSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request):
        """What such a request would take away; nothing is written."""
        body = self.body(LeaveBodySerializer)
        body.pop("reason")
        found = leave.preview_leave(body.pop("counselor_id"), actor=request.user, **body)
        return Response(ImpactSerializer(found, context=self.get_serializer_context()).data)

    @extend_schema(request=CancelSerializer, responses=LeaveDetailSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request, pk):
        """Of leave that was approved: its slots open again, what is not handled yet is kept."""
        leave.withdraw_leave(int(pk), actor=request.user, **self.body(CancelSerializer))
        return Response(self._shown(pk))

    def _shown(self, pk) -> dict:
        row = get_object_or_404(self.get_queryset(), pk=pk)
        row.impact = leave.impact_of(row, now=timezone.now())
        return LeaveDetailSerializer(row, context=self.get_serializer_context()).data


class AffectedAppointmentViewSet(ApiViewSet):
    """/affected-appointments: sessions hit by leave or suspension, of their client and their
    counselor; for staff as far as their role reaches."""

    serializer_class = AffectedAppointmentSerializer
    filterset_class = AffectedFilter
    ordering_fields = ["deadline_at", "created_at"]
    permissions = dict.fromkeys(("list", "retrieve", "offer", "accept", "decline", "cancel"), LOGIN)
    refusals = {
        "offer": (*_HANDLING, errors.HandlingOver, errors.SlotNotOfferable),
        "accept": _CHOOSING,
        "decline": (NotFound, IllegalTransition, errors.TooLateToCancel),
        "cancel": _HANDLING,
    }  # fmt: skip
    summaries = {
        "list": "受影响的预约列表",
        "retrieve": "受影响的预约详情",
        "offer": "提供可改约的时段",
        "accept": "选择改约时段",
        "decline": "不改约，取消并全额退款",
        "cancel": "取消受影响的预约并全额退款",
    }

    def get_queryset(self):
        rows = AffectedAppointment.objects.visible_to(self.request.user)
        rows = rows.select_related("leave", "appointment__counselor")
        return rows.prefetch_related("offered_slots__counselor").order_by("deadline_at", "pk")

    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request, pk):
        return self._shown(pk)

    @extend_schema(request=OfferSlotsSerializer, responses=AffectedAppointmentSerializer)
    @action(detail=True, methods=["post"])
    def offer(self, request, pk):
        """The counselor's own free slots; staff may offer those of other counselors too."""
        affected.offer_slots(int(pk), actor=request.user, **self.body(OfferSlotsSerializer))
        return self._shown(pk)

    @extend_schema(request=AcceptBodySerializer, responses=AffectedAppointmentSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def accept(self, request, pk):
        """Price and cancel policy stay as they were booked, whosever slot it is."""
        affected.accept_offer(int(pk), actor=request.user, **self.body(AcceptBodySerializer))
        return self._shown(pk)

    @extend_schema(request=None, responses=AffectedAppointmentSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request, pk):
        affected.decline_offer(int(pk), actor=request.user)
        return self._shown(pk)

    @extend_schema(request=CancelSerializer, responses=AffectedAppointmentSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        """By its counselor or staff."""
        affected.cancel_affected(int(pk), actor=request.user, **self.body(CancelSerializer))
        return self._shown(pk)

    def _shown(self, pk):
        row = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(self.get_serializer(row).data)
