from dataclasses import asdict

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from accounts.errors import AgreementNotCurrent, ConsentRequired
from accounts.idempotency import idempotent
from accounts.scope import reaches
from config.api.filters import FilterBackend
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import Forbidden, IllegalTransition
from config.prepared import Prepared
from counseling import errors
from counseling.filters import AppointmentFilter
from counseling.models import Appointment, Reschedule
from counseling.serializers.appointments import (
    AppointmentDetailSerializer,
    AppointmentSerializer,
    BookSerializer,
    CancelPreviewSerializer,
    CancelSerializer,
    RescheduleSerializer,
)
from counseling.services import appointments as service
from counseling.services.outcomes import with_hit
from counseling.services.rescheduling import reschedule

_BOOKING = (
    errors.SlotTaken,
    errors.SlotUnknown,
    errors.SlotNotBookable,
    errors.OwnSlot,
    errors.ServiceNotOffered,
    errors.ServiceTooLong,
    errors.ClientProfileUnknown,
    errors.GuardianConsentNeeded,
    errors.GuardianContactNeeded,
    errors.TooManyHolds,
    errors.OverlappingAppointment,
    errors.LoadReached,
    ConsentRequired,
    AgreementNotCurrent,
)
_CANCELLING = (Forbidden, IllegalTransition, errors.TooLateToCancel)
_MOVING = (
    IllegalTransition,
    errors.TooLateToReschedule,
    errors.TooManyReschedules,
    errors.SameSlot,
    errors.SlotTaken,
    errors.SlotUnknown,
    errors.SlotNotBookable,
    errors.SlotOfAnotherCounselor,
    errors.ServiceTooLong,
    errors.OverlappingAppointment,
    errors.LoadReached,
)
_WORKING = (Forbidden, IllegalTransition, errors.NotStartedYet)
_AS = OpenApiParameter("as", str, enum=["client", "counselor"], description="我预约的 / 约我的")


class AppointmentViewSet(ApiViewSet):
    """/appointment: what one booked, what one holds as a counselor; all of it for staff."""

    serializer_class = AppointmentSerializer
    filter_backends = [FilterBackend]
    filterset_class = AppointmentFilter
    permissions = dict.fromkeys(
        (
            "list", "retrieve", "create", "cancel_preview", "cancel", "reschedule", "start",
            "complete", "no_show",
        ),
        LOGIN,
    )  # fmt: skip
    refusals = {
        "create": _BOOKING,
        "cancel_preview": _CANCELLING,
        "cancel": _CANCELLING,
        "reschedule": _MOVING,
        "start": _WORKING,
        "complete": _WORKING,
        "no_show": _WORKING,
    }
    summaries = {
        "list": "预约列表",
        "retrieve": "预约详情",
        "create": "预约咨询",
        "cancel_preview": "取消预约的费用预览",
        "cancel": "取消预约",
        "reschedule": "改期",
        "start": "开始咨询",
        "complete": "完成咨询",
        "no_show": "标记未到场",
    }

    def get_queryset(self):
        rows = Appointment.objects.visible_to(self.request.user)
        match self.request.query_params.get("as", ""):
            case "":
                return rows
            case "client":
                return rows.filter(user_id=self.request.user.pk)
            case "counselor":
                return rows.filter(counselor__user_id=self.request.user.pk)
        raise ValidationError({"as": [_("只能是 %(names)s") % {"names": "client, counselor"}]})

    @extend_schema(parameters=[_AS])
    def list(self, request):
        """Three statements: how many, which, and what they are (names come by join on the page)."""
        wanted = self.filter_queryset(self.get_queryset()).order_by("-start_at", "-pk")
        page = self.paginate_queryset(wanted.values_list("pk", flat=True))
        rows = Appointment.objects.filter(pk__in=page).values(*AppointmentSerializer.COLUMNS)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @extend_schema(responses=AppointmentDetailSerializer)
    def retrieve(self, request, pk):
        return Response(self._shown(pk))

    @extend_schema(request=BookSerializer, responses={201: AppointmentDetailSerializer})
    @idempotent
    def create(self, request):
        order = service.book(user=request.user, **self.body(BookSerializer))
        shown = self._serialized(_by_order.first(order=order.pk))
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(responses=CancelPreviewSerializer, filters=False)
    @action(detail=True, url_path="cancel-preview")
    def cancel_preview(self, request, pk):
        """What cancelling now would cost; nothing is cancelled."""
        preview = service.preview_for(int(pk), actor=request.user, now=timezone.now())
        return Response(asdict(preview))

    @extend_schema(request=CancelSerializer, responses=AppointmentDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def cancel(self, request, pk):
        service.cancel(int(pk), actor=request.user, **self.body(CancelSerializer))
        return Response(self._shown(pk))

    @extend_schema(request=RescheduleSerializer, responses=AppointmentDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def reschedule(self, request, pk):
        """To another free slot of the same counselor; how often and until when: the detail's
        `reschedule`."""
        reschedule(int(pk), actor=request.user, **self.body(RescheduleSerializer))
        return Response(self._shown(pk))

    @extend_schema(request=None, responses=AppointmentDetailSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request, pk):
        service.start(int(pk), actor=request.user)
        return Response(self._shown(pk))

    @extend_schema(request=None, responses=AppointmentDetailSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request, pk):
        service.complete(int(pk), actor=request.user)
        return Response(self._shown(pk))

    @extend_schema(request=None, responses=AppointmentDetailSerializer)
    @action(detail=True, methods=["post"], url_path="no-show")
    def no_show(self, request, pk):
        service.mark_no_show(int(pk), actor=request.user)
        return Response(self._shown(pk))

    def _shown(self, pk) -> dict:
        """One appointment as the caller sees it, in one statement; in two once it was moved."""
        row = _by_id.first(pk=int(pk))
        if row is None or not _may_see(self.request.user, row):
            raise Http404
        return self._serialized(row)

    def _serialized(self, row: dict) -> dict:
        row["reschedules"] = _moves_of(appointment=row["id"]) if row["times_moved"] else []
        return AppointmentDetailSerializer(row, context=self.get_serializer_context()).data


def _may_see(user, row: dict) -> bool:
    """As AppointmentQuerySet.visible_to() has it."""
    sides = (row["user_id"], row["counselor__user_id"])
    return user.pk in sides or reaches(Appointment, row["id"], user, "counseling.view_appointment")


def _rows(**lookup):
    rows = with_hit(Appointment.objects.filter(**lookup)).order_by()
    return rows.values(*AppointmentDetailSerializer.COLUMNS)


_moves_of = Prepared(
    lambda appointment: (
        Reschedule.objects.filter(appointment_id=appointment)
        .order_by("pk")
        .values(*AppointmentDetailSerializer.MOVE_COLUMNS)
    )
)
_by_id = Prepared(lambda pk: _rows(pk=pk))
_by_order = Prepared(lambda order: _rows(order_item__order_id=order))
