from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.audit import log_request
from accounts.idempotency import idempotent
from commerce.errors import ImageUnknown, ImageUsed, RefundExceedsPayment
from config.api.filters import FilterBackend
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import Forbidden, IllegalTransition, NotFound
from counseling import errors
from counseling.filters import DisputeFilter
from counseling.models import Dispute
from counseling.serializers.disputes import (
    AnswerSerializer,
    DisputeDetailSerializer,
    DisputeSerializer,
    OpenDisputeSerializer,
    RejectDisputeSerializer,
    UpholdDisputeSerializer,
)
from counseling.services import disputes as service
from counseling.services.evidence import evidence_for

_DECIDE = "counseling.decide_dispute"
_DECIDING = (
    NotFound,
    Forbidden,
    IllegalTransition,
    errors.DecisionTooEarly,
    errors.DecisionNeedsReason,
)


class DisputeViewSet(mixins.ListModelMixin, ApiViewSet):
    """/dispute: what went wrong with a session, for its two sides and those who decide."""

    serializer_class = DisputeSerializer
    queryset = Dispute.objects.select_related("appointment__counselor").order_by("-pk")
    filter_backends = [FilterBackend]
    filterset_class = DisputeFilter
    log_target = "dispute"
    permissions = dict.fromkeys(("list", "retrieve", "create", "answer", "withdraw"), LOGIN) | {
        "uphold": _DECIDE,
        "reject": _DECIDE,
    }
    refusals = {
        "create": (
            NotFound,
            Forbidden,
            IllegalTransition,
            errors.AlreadyDisputed,
            errors.DisputeClosed,
            errors.NotStartedYet,
            ImageUnknown,
            ImageUsed,
        ),
        "answer": (
            NotFound,
            Forbidden,
            IllegalTransition,
            errors.AnswerTooLate,
            ImageUnknown,
            ImageUsed,
        ),
        "withdraw": (NotFound, Forbidden, IllegalTransition),
        "uphold": (*_DECIDING, RefundExceedsPayment),
        "reject": _DECIDING,
    }
    summaries = {
        "list": "预约争议列表",
        "retrieve": "预约争议详情",
        "create": "提出预约争议",
        "answer": "咨询师说明争议",
        "withdraw": "撤回争议",
        "uphold": "支持来访者",
        "reject": "不支持争议",
    }

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)

    @extend_schema(responses=DisputeDetailSerializer)
    def retrieve(self, request, pk):
        return self._shown(pk)

    @extend_schema(request=OpenDisputeSerializer, responses={201: DisputeDetailSerializer})
    @idempotent
    def create(self, request):
        """By the client, once per appointment, while its window is open."""
        dispute = service.open_dispute(actor=request.user, **self.body(OpenDisputeSerializer))
        return self._shown(dispute.pk, status=status.HTTP_201_CREATED)

    @extend_schema(request=AnswerSerializer, responses=DisputeDetailSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request, pk):
        service.answer_dispute(int(pk), actor=request.user, **self.body(AnswerSerializer))
        return self._shown(pk)

    @extend_schema(request=None, responses=DisputeDetailSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request, pk):
        service.withdraw_dispute(int(pk), actor=request.user)
        return self._shown(pk)

    @extend_schema(request=UpholdDisputeSerializer, responses=DisputeDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def uphold(self, request, pk):
        """All or a part of the money goes back, as every refund does."""
        service.uphold_dispute(int(pk), actor=request.user, **self.body(UpholdDisputeSerializer))
        return self._shown(pk)

    @extend_schema(request=RejectDisputeSerializer, responses=DisputeDetailSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request, pk):
        service.reject_dispute(int(pk), actor=request.user, **self.body(RejectDisputeSerializer))
        return self._shown(pk)

    def _shown(self, pk, status=status.HTTP_200_OK) -> Response:
        """That staff looked at evidence stands in the operation log."""
        dispute, viewer = self._found(pk), self.request.user
        evidence = list(evidence_for(dispute, viewer))
        if evidence and viewer.pk not in dispute.sides:
            log_request(self.request, viewer)
        context = self.get_serializer_context() | {"evidence": evidence}
        return Response(DisputeDetailSerializer(dispute, context=context).data, status=status)

    def _found(self, pk) -> Dispute:
        return get_object_or_404(self.get_queryset(), pk=pk)
