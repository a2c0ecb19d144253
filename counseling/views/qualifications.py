from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.audit import log_request, moves_of
from accounts.errors import CannotChangeSelf
from commerce.errors import ImageUnknown
from commerce.serializers.merchants import ReasonSerializer
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound, ReasonNeeded
from counseling import errors
from counseling.filters import QualificationFilter
from counseling.models import Qualification
from counseling.serializers.practice import (
    MoveSerializer,
    QualificationBodySerializer,
    QualificationSerializer,
)
from counseling.services import qualifications

REVIEW = "counseling.review_qualification"
_DECISION = (NotFound, IllegalTransition, CannotChangeSelf)


class QualificationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """/counselor/qualifications: one's own; for staff, everybody's."""

    serializer_class = QualificationSerializer
    filterset_class = QualificationFilter
    ordering_fields = ["submitted_at", "expires_on"]
    log_target = "qualification"
    permissions = {
        "list": LOGIN,
        "retrieve": LOGIN,
        "create": LOGIN,
        "partial_update": LOGIN,
        "history": LOGIN,
        "approve": REVIEW,
        "reject": REVIEW,
    }
    summaries = {
        "history": "资质的审核记录",
        "approve": "通过资质审核",
        "reject": "驳回资质",
    }
    refusals = {
        "create": (errors.QualificationExpired, errors.TooManyQualifications, ImageUnknown),
        "partial_update": (
            NotFound,
            errors.QualificationApproved,
            errors.QualificationExpired,
            ImageUnknown,
        ),
        "approve": (*_DECISION, errors.QualificationExpired),
        "reject": (*_DECISION, ReasonNeeded),
    }

    def get_queryset(self):
        rows = Qualification.objects.visible_to(self.request.user)
        return rows.prefetch_related("files").order_by("-pk")

    def get_object(self):
        row = super().get_object()
        self._look_at([row])
        return row

    def paginate_queryset(self, queryset):
        rows = super().paginate_queryset(queryset)
        self._look_at(rows)
        return rows

    def _look_at(self, rows: list[Qualification]) -> None:
        """That staff were handed links to scans stands in the operation log."""
        viewer = self.request.user
        if any(row.user_id != viewer.pk and row.files.all() for row in rows):
            log_request(self.request, viewer)

    @extend_schema(request=QualificationBodySerializer, responses={201: QualificationSerializer})
    def create(self, request):
        """Hand one in for review."""
        body = self.body(QualificationBodySerializer)
        row = qualifications.submit_qualification(user=request.user, **body)
        return self._shown(row.pk, status.HTTP_201_CREATED)

    @extend_schema(request=QualificationBodySerializer)
    def partial_update(self, request, pk):
        """While it is not approved; a rejected one is submitted again."""
        body = self.body(QualificationBodySerializer, partial=True)
        qualifications.change_qualification(int(pk), user=request.user, **body)
        return self._shown(pk)

    @extend_schema(responses=MoveSerializer(many=True))
    @action(detail=True, filter_backends=[], pagination_class=None)
    def history(self, request, pk):
        """What became of it so far, oldest first."""
        return Response(MoveSerializer(moves_of(self.get_object()), many=True).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def approve(self, request, pk):
        qualifications.approve_qualification(self.get_object().pk, actor=request.user)
        return self._shown(pk)

    @extend_schema(request=ReasonSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request, pk):
        """Also an approved one, which does not count any more."""
        body = self.body(ReasonSerializer)
        qualifications.reject_qualification(self.get_object().pk, actor=request.user, **body)
        return self._shown(pk)

    def _shown(self, pk, code=status.HTTP_200_OK):
        row = self.get_queryset().get(pk=pk)
        return Response(self.get_serializer(row).data, status=code)
