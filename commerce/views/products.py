from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.errors import CannotChangeSelf
from commerce import errors
from commerce.filters import OwnProductFilter, ProductFilter
from commerce.models import Product
from commerce.serializers.merchants import ReasonSerializer
from commerce.serializers.products import (
    NewProductSerializer,
    OwnProductSerializer,
    ProductBodySerializer,
    ProductSerializer,
    StockBodySerializer,
    StockMovementSerializer,
)
from commerce.services import products
from config.api.caching import etag
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound, ReasonNeeded

_WRITING = (errors.MerchantNotApproved, errors.ImageUnknown)
_DECISION = (NotFound, IllegalTransition, CannotChangeSelf)


def _shown(products):
    return products.select_related("merchant").prefetch_related("images__file")


class ProductViewSet(mixins.RetrieveModelMixin, ApiViewSet):
    """/products: what can be bought right now."""

    serializer_class = ProductSerializer
    filterset_class = ProductFilter
    ordering_fields = ["created_at", "price", "sold"]
    permissions = {"list": PUBLIC, "retrieve": PUBLIC}

    def get_queryset(self):
        return _shown(Product.objects.on_sale()).order_by("-pk")

    @etag
    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()))

    @etag
    def retrieve(self, request, pk):
        return super().retrieve(request, pk)


class MerchantProductViewSet(mixins.RetrieveModelMixin, ApiViewSet):
    """/merchants/products: what the merchant one works for offers; what staff decide about it."""

    serializer_class = OwnProductSerializer
    filterset_class = OwnProductFilter
    ordering_fields = ["created_at", "price", "sold", "stock"]
    log_target = "product"
    permissions = {
        **dict.fromkeys(
            ("list", "retrieve", "create", "update", "partial_update", "destroy", "stock",
             "movements"),
            LOGIN,
        ),
        "approve": "commerce.review_product",
        "reject": "commerce.review_product",
    }  # fmt: skip
    summaries = {
        "stock": "调整库存",
        "movements": "库存记录",
        "approve": "通过商品审核",
        "reject": "驳回或下架商品",
    }
    refusals = {
        "create": _WRITING,
        "update": (*_WRITING, NotFound),
        "partial_update": (*_WRITING, NotFound),
        "destroy": (errors.MerchantNotApproved, NotFound),
        "stock": (errors.MerchantNotApproved, errors.OutOfStock, NotFound),
        "approve": _DECISION,
        "reject": (*_DECISION, ReasonNeeded),
    }

    def get_queryset(self):
        return _shown(Product.objects.visible_to(self.request.user)).order_by("-pk")

    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()))

    @extend_schema(request=NewProductSerializer, responses={201: OwnProductSerializer})
    def create(self, request):
        """For approved merchants; staff look at it before it is sold."""
        product = products.create_product(user=request.user, **self.body(NewProductSerializer))
        return self._answer(product.pk, status.HTTP_201_CREATED)

    @extend_schema(request=ProductBodySerializer, responses=OwnProductSerializer)
    def update(self, request, pk, partial=False):
        body = self.body(ProductBodySerializer, partial=partial)
        return self._answer(products.change_product(int(pk), user=request.user, **body).pk)

    @extend_schema(request=ProductBodySerializer, responses=OwnProductSerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        """Orders keep what they copied, and are served."""
        products.delete_product(int(pk), user=request.user)
        return Response({})

    @extend_schema(request=StockBodySerializer, responses=OwnProductSerializer)
    @action(detail=True, methods=["post"])
    def stock(self, request, pk):
        """By how many, never to how many: orders change it meanwhile."""
        products.adjust_stock(int(pk), user=request.user, **self.body(StockBodySerializer))
        return self._answer(pk)

    @extend_schema(responses=StockMovementSerializer(many=True), filters=False)
    @action(detail=True)
    def movements(self, request, pk):
        """Why stock changed, the latest first."""
        product = get_object_or_404(self.get_queryset(), pk=pk)
        rows = product.movements.select_related("order_item").order_by("-pk")
        return self.page(rows, StockMovementSerializer)

    @extend_schema(request=None, responses=ProductSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request, pk):
        return self._decided(products.approve_product(int(pk), actor=request.user))

    @extend_schema(request=ReasonSerializer, responses=ProductSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request, pk):
        body = self.body(ReasonSerializer)
        return self._decided(products.reject_product(int(pk), actor=request.user, **body))

    def _answer(self, pk, code=status.HTTP_200_OK):
        return Response(OwnProductSerializer(self.get_queryset().get(pk=pk)).data, status=code)

    def _decided(self, product):
        return Response(ProductSerializer(_shown(Product.objects).get(pk=product.pk)).data)
