from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.errors import CannotChangeSelf
from commerce import errors
from commerce.filters import MerchantFilter
from commerce.models import Merchant, Order
from commerce.serializers.merchants import (
    ApplicationBodySerializer,
    ApplicationSerializer,
    MerchantBodySerializer,
    MerchantSerializer,
    ReasonSerializer,
    ReviewedMerchantSerializer,
)
from commerce.serializers.reviews import (
    MerchantReviewBodySerializer,
    OwnReviewSerializer,
    PublicReviewSerializer,
    RatedMerchantSerializer,
    ReviewsQuerySerializer,
)
from commerce.services import merchants
from commerce.services.reviews import write_review
from config.api.client_ip import client_ip
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound, ReasonNeeded

_DECISION = (NotFound, IllegalTransition, CannotChangeSelf)


class MerchantViewSet(ApiViewSet):
    """/merchants: those who sell, for everybody; one's own; what staff decide."""

    serializer_class = RatedMerchantSerializer
    filterset_class = MerchantFilter
    ordering_fields = ["created_at", "rating"]
    log_target = "merchant"
    permissions = {
        "list": PUBLIC,
        "retrieve": PUBLIC,
        "reviews": PUBLIC,
        "write_review": LOGIN,
        "register": LOGIN,
        "mine": LOGIN,
        "update": LOGIN,
        "partial_update": LOGIN,
        "approve": "commerce.review_merchant",
        "reject": "commerce.review_merchant",
        "suspend": "commerce.review_merchant",
    }
    summaries = {
        "reviews": "商户的评价",
        "write_review": "评价商户",
        "register": "商户入驻",
        "mine": "我的商户",
        "approve": "通过商户审核",
        "reject": "驳回商户入驻",
        "suspend": "暂停商户",
    }
    refusals = {
        "write_review": (
            NotFound,
            errors.NotReviewable,
            errors.OwnMerchant,
            errors.AlreadyReviewed,
            errors.ImageUnknown,
            errors.ImageUsed,
        ),
        "register": (errors.MerchantExists, errors.MemberExists),
        "mine": (NotFound,),
        "approve": _DECISION,
        "reject": (*_DECISION, ReasonNeeded),
        "suspend": (*_DECISION, ReasonNeeded),
    }

    def get_queryset(self):
        return Merchant.objects.approved().order_by("-pk")

    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()), RatedMerchantSerializer)

    def retrieve(self, request, pk):
        merchant = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(RatedMerchantSerializer(merchant).data)

    @extend_schema(parameters=[ReviewsQuerySerializer], responses=PublicReviewSerializer(many=True))
    @action(detail=True, filter_backends=[])
    def reviews(self, request, pk):
        """What is shown, the newest first."""
        merchant = get_object_or_404(Merchant.objects.approved(), pk=pk)
        wanted = ReviewsQuerySerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        rows = merchant.reviews.shown().filter(**wanted.validated_data)
        return self.page(rows.with_pictures().order_by("-pk"), PublicReviewSerializer)

    @extend_schema(request=MerchantReviewBodySerializer, responses={201: OwnReviewSerializer})
    @reviews.mapping.post
    def write_review(self, request, pk):
        """By the buyer of a completed order, once per order."""
        body = self.body(MerchantReviewBodySerializer)
        order = get_object_or_404(
            Order.objects.visible_to(request.user), pk=body.pop("order_id"), merchant=pk
        )
        review = write_review(order.pk, user=request.user, **body)
        return Response(OwnReviewSerializer(review).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=MerchantBodySerializer, responses={201: MerchantSerializer})
    @action(detail=False, methods=["post"])
    def register(self, request):
        """Ask to sell; staff decide."""
        merchant = merchants.register(user=request.user, **self.body(MerchantBodySerializer))
        return Response(MerchantSerializer(merchant).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=MerchantSerializer)
    @action(detail=False)
    def mine(self, request):
        """One's own, whatever its state."""
        merchant = get_object_or_404(Merchant.objects.visible_to(request.user))
        return Response(MerchantSerializer(merchant).data)

    @extend_schema(request=MerchantBodySerializer, responses=MerchantSerializer)
    def update(self, request, pk, partial=False):
        """Change one's own; what was rejected is submitted again."""
        body = self.body(MerchantBodySerializer, partial=partial)
        merchant = merchants.change_merchant(int(pk), user=request.user, **body)
        return Response(MerchantSerializer(merchant).data)

    @extend_schema(request=MerchantBodySerializer, responses=MerchantSerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    @extend_schema(request=None, responses=ReviewedMerchantSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request, pk):
        merchant = merchants.approve_merchant(int(pk), actor=request.user)
        return Response(ReviewedMerchantSerializer(merchant).data)

    @extend_schema(request=ReasonSerializer, responses=ReviewedMerchantSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request, pk):
        merchant = merchants.reject_merchant(
            int(pk), actor=request.user, **self.body(ReasonSerializer)
        )
        return Response(ReviewedMerchantSerializer(merchant).data)

    @extend_schema(request=ReasonSerializer, responses=ReviewedMerchantSerializer)
    @action(detail=True, methods=["post"])
    def suspend(self, request, pk):
        merchant = merchants.suspend_merchant(
            int(pk), actor=request.user, **self.body(ReasonSerializer)
        )
        return Response(ReviewedMerchantSerializer(merchant).data)


class WebsiteApplicationViewSet(ApiViewSet):
    """/website/merchant/apply: wishes to sell, left without an account."""

    serializer_class = ApplicationSerializer
    permissions = {"apply": PUBLIC}
    summaries = {"apply": "官网商户入驻申请"}
    refusals = {"apply": (errors.TooManyApplications,)}

    @extend_schema(request=ApplicationBodySerializer, responses={201: ApplicationSerializer})
    def apply(self, request):
        body = self.body(ApplicationBodySerializer)
        row = merchants.apply(address=client_ip(request), **body)
        return Response(ApplicationSerializer(row).data, status=status.HTTP_201_CREATED)
