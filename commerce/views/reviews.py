from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from commerce import errors
from commerce.models import MerchantReview
from commerce.serializers.merchants import ReasonSerializer
from commerce.serializers.reviews import (
    OwnReviewSerializer,
    PublicReviewSerializer,
    ReplyBodySerializer,
)
from commerce.services import reviews
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound, ReasonNeeded

_MODERATE = "commerce.moderate_merchantreview"


class ReviewViewSet(ApiViewSet):
    """/merchants/reviews: what the merchant answers, and what staff hide."""

    serializer_class = PublicReviewSerializer
    queryset = MerchantReview.objects.all()
    log_target = "merchant"
    permissions = {"reply": LOGIN, "hide": _MODERATE, "restore": _MODERATE}
    summaries = {"reply": "回复评价", "hide": "隐藏评价", "restore": "恢复评价"}
    refusals = {
        "reply": (NotFound, errors.AlreadyReplied),
        "hide": (NotFound, IllegalTransition, ReasonNeeded),
        "restore": (NotFound, IllegalTransition),
    }

    @extend_schema(request=ReplyBodySerializer, responses=PublicReviewSerializer)
    @action(detail=True, methods=["post"])
    def reply(self, request, pk):
        """Once, by the merchant."""
        review = reviews.reply_to_review(
            int(pk), actor=request.user, **self.body(ReplyBodySerializer)
        )
        return Response(PublicReviewSerializer(review).data)

    @extend_schema(request=ReasonSerializer, responses=OwnReviewSerializer)
    @action(detail=True, methods=["post"])
    def hide(self, request, pk):
        """With a reason, which its author hears."""
        review = reviews.hide_review(int(pk), actor=request.user, **self.body(ReasonSerializer))
        return Response(OwnReviewSerializer(review).data)

    @extend_schema(request=None, responses=OwnReviewSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request, pk):
        review = reviews.restore_review(int(pk), actor=request.user)
        return Response(OwnReviewSerializer(review).data)
