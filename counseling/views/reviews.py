from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.scope import scoped
from commerce.errors import AlreadyReplied
from commerce.serializers.merchants import ReasonSerializer
from commerce.serializers.reviews import ReplyBodySerializer
from config.api.caching import etag
from config.api.filters import FilterBackend, OrderingFilter
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound, ReasonNeeded
from counseling import errors
from counseling.filters import OwnReviewFilter, ReviewFilter
from counseling.models import Review
from counseling.serializers.reviews import (
    EditReviewSerializer,
    ModeratedReviewSerializer,
    OwnSessionReviewSerializer,
    SessionReviewSerializer,
    WriteReviewSerializer,
)
from counseling.services import reviews as service

MODERATE = "counseling.moderate_review"
_OWN = dict.fromkeys(("mine", "retrieve", "create", "update", "partial_update", "destroy"), LOGIN)
_EDITING = (NotFound, errors.ReviewClosed)


class ReviewViewSet(ApiViewSet):
    """/review: what clients say of sessions, for everybody; whose it is stays theirs."""

    serializer_class = SessionReviewSerializer
    queryset = Review.objects.all()
    filter_backends = [FilterBackend, OrderingFilter]
    filterset_class = ReviewFilter
    ordering_fields = ["created_at", "rating"]
    permissions = _OWN | {"list": PUBLIC, "reply": LOGIN, "hide": MODERATE, "restore": MODERATE}
    summaries = {
        "list": "咨询评价列表",
        "mine": "我的评价",
        "retrieve": "我的一条评价",
        "create": "评价咨询",
        "update": "修改评价",
        "partial_update": "修改评价",
        "destroy": "撤回评价",
        "reply": "回复评价（咨询师）",
        "hide": "隐藏评价（工作人员）",
        "restore": "恢复评价（工作人员）",
    }
    refusals = dict.fromkeys(("update", "partial_update", "destroy"), _EDITING) | {
        "create": (NotFound, errors.NotReviewable, errors.AlreadyReviewed),
        "reply": (NotFound, AlreadyReplied),
        "hide": (NotFound, IllegalTransition, ReasonNeeded),
        "restore": (NotFound, IllegalTransition),
    }

    @etag
    def list(self, request):
        """What is shown of published counselors, the newest first."""
        rows = self.filter_queryset(Review.objects.public()).select_related("user")
        return self.page(rows)

    @extend_schema(responses=OwnSessionReviewSerializer(many=True))
    @action(detail=False, filterset_class=OwnReviewFilter)
    def mine(self, request):
        """One's own, hidden ones too."""
        return self.page(self.filter_queryset(self._own()), OwnSessionReviewSerializer)

    @extend_schema(responses=OwnSessionReviewSerializer)
    def retrieve(self, request, pk):
        return Response(OwnSessionReviewSerializer(get_object_or_404(self._own(), pk=pk)).data)

    @extend_schema(request=WriteReviewSerializer, responses={201: OwnSessionReviewSerializer})
    def create(self, request):
        """Of a completed session of one's own, once."""
        review = service.write_review(user=request.user, **self.body(WriteReviewSerializer))
        return Response(OwnSessionReviewSerializer(review).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=EditReviewSerializer, responses=OwnSessionReviewSerializer)
    def update(self, request, pk, partial=False):
        body = self.body(EditReviewSerializer, partial=partial)
        review = service.edit_review(int(pk), user=request.user, **body)
        return Response(OwnSessionReviewSerializer(review).data)

    @extend_schema(request=EditReviewSerializer, responses=OwnSessionReviewSerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        service.withdraw_review(int(pk), user=request.user)
        return Response({})

    @extend_schema(request=ReplyBodySerializer, responses=SessionReviewSerializer)
    @action(detail=True, methods=["post"])
    def reply(self, request, pk):
        """Once, by the counselor."""
        body = self.body(ReplyBodySerializer)
        review = service.reply_to_review(int(pk), actor=request.user, **body)
        return Response(SessionReviewSerializer(review).data)

    @extend_schema(request=ReasonSerializer, responses=ModeratedReviewSerializer)
    @action(detail=True, methods=["post"])
    def hide(self, request, pk):
        """With a reason, which its author hears."""
        body = self.body(ReasonSerializer)
        review = service.hide_review(self._moderated(pk), actor=request.user, **body)
        return Response(ModeratedReviewSerializer(review).data)

    @extend_schema(request=None, responses=ModeratedReviewSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request, pk):
        review = service.restore_review(self._moderated(pk), actor=request.user)
        return Response(ModeratedReviewSerializer(review).data)

    def _own(self):
        return Review.objects.visible_to(self.request.user).select_related("user")

    def _moderated(self, pk) -> int:
        rows = scoped(Review.objects.all(), self.request.user, MODERATE)
        return get_object_or_404(rows.values_list("pk", flat=True), pk=pk)
