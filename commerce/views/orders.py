from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.idempotency import idempotent
from commerce import errors
from commerce.filters import OrderFilter
from commerce.models import MerchantReview, Order
from commerce.serializers.orders import (
    ListedOrderSerializer,
    OrderDetailSerializer,
    OrderSerializer,
    PlaceOrderSerializer,
)
from commerce.serializers.reviews import OrderReviewBodySerializer, OwnReviewSerializer
from commerce.services.confirming import confirm_order, hide_order
from commerce.services.orders import cancel_order, place_order
from commerce.services.reviews import write_review
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound


class OrderViewSet(ApiViewSet):
    """/order: a person's own orders."""

    serializer_class = OrderSerializer
    write_serializer_class = PlaceOrderSerializer
    filterset_class = OrderFilter
    ordering_fields = ["created_at", "total_amount"]
    permissions = dict.fromkeys(
        (
            "list",
            "retrieve",
            "create",
            "cancel",
            "confirm",
            "destroy",
            "review",
            "write_review",
        ),
        LOGIN,
    )
    summaries = {
        "create": "下单",
        "cancel": "取消未支付的订单",
        "confirm": "确认收货",
        "destroy": "删除已结束的订单",
        "review": "我对该订单的评价",
        "write_review": "评价商户",
    }
    refusals = {
        "create": (
            errors.UnknownKind,
            errors.RepeatedItem,
            errors.SoldAlone,
            errors.PriceChanged,
            errors.AmountTooLarge,
            errors.MixedMerchants,
            errors.AddressNeeded,
            errors.AddressUnknown,
        ),
        "cancel": (errors.NotCancellable, IllegalTransition),
        "confirm": (errors.NotConfirmable, errors.RefundOpen),
        "destroy": (errors.NotHideable,),
        "review": (NotFound,),
        "write_review": (
            NotFound,
            errors.NotReviewable,
            errors.OwnMerchant,
            errors.AlreadyReviewed,
            errors.ImageUnknown,
            errors.ImageUsed,
        ),
    }

    def get_queryset(self):
        return Order.objects.visible_to(self.request.user).with_items()

    @extend_schema(responses=ListedOrderSerializer(many=True))
    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()), ListedOrderSerializer)

    @extend_schema(responses=OrderDetailSerializer)
    def retrieve(self, request, pk):
        return Response(OrderDetailSerializer(self.get_object()).data)

    @extend_schema(request=PlaceOrderSerializer, responses={201: OrderSerializer})
    @idempotent
    def create(self, request):
        """Free orders are paid at once; the rest wait for /pay until expires_at."""
        body = self.body(PlaceOrderSerializer)
        order = place_order(user=request.user, wants=body.pop("items"), **body)
        return Response(OrderSerializer(order).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        order = cancel_order(self.get_object().pk, actor=request.user)
        return Response(OrderSerializer(order).data)

    @extend_schema(request=None, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request, pk):
        """What was sent has come, what was fetched is fine."""
        order = confirm_order(self.get_object().pk, actor=request.user)
        return Response(OrderSerializer(order).data)

    def destroy(self, request, pk):
        """For oneself only, and only what has ended: merchant and staff still see it."""
        hide_order(self.get_object().pk)
        return Response({})

    @extend_schema(responses=OwnReviewSerializer)
    @action(detail=True)
    def review(self, request, pk):
        """What one said of its merchant; 404 while one has said nothing."""
        mine = MerchantReview.objects.visible_to(request.user).with_pictures()
        return Response(OwnReviewSerializer(get_object_or_404(mine, order=pk)).data)

    @extend_schema(request=OrderReviewBodySerializer, responses={201: OwnReviewSerializer})
    @review.mapping.post
    def write_review(self, request, pk):
        """Once, when the order is completed."""
        review = write_review(int(pk), user=request.user, **self.body(OrderReviewBodySerializer))
        return Response(OwnReviewSerializer(review).data, status=status.HTTP_201_CREATED)
