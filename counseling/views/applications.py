from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.audit import moves_of
from accounts.errors import CannotChangeSelf
from commerce.serializers.merchants import ReasonSerializer
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound, ReasonNeeded
from counseling import errors
from counseling.filters import ApplicationFilter
from counseling.models import CounselorApplication
from counseling.serializers.practice import (
    ApplicationFormSerializer,
    CounselorApplicationSerializer,
    MoveSerializer,
)
from counseling.services import applications

REVIEW = "counseling.review_counselorapplication"
_DECISION = (NotFound, IllegalTransition, CannotChangeSelf)


class CounselorApplicationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """/counselor/applications: the queue of staff; /mine is one's own."""

    serializer_class = CounselorApplicationSerializer
    filterset_class = ApplicationFilter
    ordering_fields = ["submitted_at"]
    log_target = "counselor application"
    permissions = {
        "list": REVIEW,
        "retrieve": REVIEW,
        "approve": REVIEW,
        "reject": REVIEW,
        "mine": LOGIN,
        "save": LOGIN,
        "history": LOGIN,
        "submit": LOGIN,
        "withdraw": LOGIN,
    }
    summaries = {
        "approve": "通过咨询师申请",
        "reject": "驳回咨询师申请",
        "mine": "我的咨询师申请",
        "save": "填写咨询师申请",
        "history": "我的申请的审核记录",
        "submit": "提交咨询师申请",
        "withdraw": "撤回咨询师申请",
    }
    refusals = {
        "approve": (*_DECISION, errors.AlreadyCounselor),
        "reject": (*_DECISION, ReasonNeeded),
        "mine": (NotFound,),
        "history": (NotFound,),
        "save": (
            errors.AlreadyCounselor,
            errors.ApplicationUnderReview,
            errors.SpecialtyUnknown,
        ),
        "submit": (NotFound, IllegalTransition, errors.ApplicationIncomplete),
        "withdraw": (NotFound, IllegalTransition),
    }

    def get_queryset(self):
        rows = CounselorApplication.objects.visible_to(self.request.user)
        return rows.prefetch_related("specialties").order_by("-pk")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def approve(self, request, pk):
        """The person gets a profile and the role of a counselor."""
        applications.approve_application(self.get_object().pk, actor=request.user)
        return self.retrieve(request, pk)

    @extend_schema(request=ReasonSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request, pk):
        body = self.body(ReasonSerializer)
        applications.reject_application(self.get_object().pk, actor=request.user, **body)
        return self.retrieve(request, pk)

    @action(detail=False)
    def mine(self, request):
        """One's own, whatever its state."""
        return self._own(request)

    @extend_schema(request=ApplicationFormSerializer)
    @mine.mapping.put
    def save(self, request):
        """Write it down, or change it while nobody reviews it; submit sends it."""
        applications.save_application(user=request.user, **self.body(ApplicationFormSerializer))
        return self._own(request)

    @extend_schema(responses=MoveSerializer(many=True))
    @action(detail=False, url_path="mine/history", filter_backends=[], pagination_class=None)
    def history(self, request):
        """What became of it so far, oldest first."""
        row = get_object_or_404(CounselorApplication, user=request.user)
        return Response(MoveSerializer(moves_of(row), many=True).data)

    @extend_schema(request=None)
    @action(detail=False, methods=["post"], url_path="mine/submit")
    def submit(self, request):
        """Also again after a rejection."""
        applications.submit_application(user=request.user)
        return self._own(request)

    @extend_schema(request=None)
    @action(detail=False, methods=["post"], url_path="mine/withdraw")
    def withdraw(self, request):
        applications.withdraw_application(user=request.user)
        return self._own(request)

    def _own(self, request):
        row = get_object_or_404(CounselorApplication, user=request.user)
        return Response(CounselorApplicationSerializer(row).data)
