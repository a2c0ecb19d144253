from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.errors import ExportInvalid, TooManyExports
from accounts.serializers.exports import ExportJobSerializer, OwnExportBody
from accounts.services.exports import request_export
from commerce import errors
from commerce.filters import OrderFilter
from commerce.models import Order
from commerce.serializers.serving import (
    CodeBodySerializer,
    CorrectBodySerializer,
    NoteBodySerializer,
    ServedOrderDetailSerializer,
    ServedOrderSerializer,
    ShipBodySerializer,
)
from commerce.services.serving import note_order
from commerce.services.shipping import correct_shipment, ship_order
from commerce.services.verification import verify_code
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import Forbidden, NotFound


class ServedOrderViewSet(ApiViewSet):
    """/merchants/orders: what a merchant's people have to serve; staff with the right, any."""

    serializer_class = ServedOrderSerializer
    filterset_class = OrderFilter
    ordering_fields = ["created_at", "total_amount"]
    lookup_value_regex = "[0-9A-Z]{1,32}"
    log_target = "order"
    log_operations = {"export": "data:export"}
    permissions = dict.fromkeys(
        ("list", "export", "retrieve", "ship", "correct", "note", "verify"), LOGIN
    )
    step_up = frozenset({"export"})
    summaries = {
        "list": "商户的订单",
        "export": "导出商户的订单",
        "retrieve": "商户的订单详情",
        "ship": "发货",
        "correct": "更正运单号",
        "note": "商户备注",
        "verify": "核销",
    }
    refusals = {
        "export": (Forbidden, ExportInvalid, TooManyExports),
        "ship": (NotFound, errors.NotShippable, errors.TrackingNumberTaken, errors.RefundOpen),
        "correct": (NotFound, errors.NotCorrectable, errors.TrackingNumberTaken),
        "note": (NotFound,),
        "verify": (
            errors.CodeMalformed, errors.CodeUnknown, errors.CodeUsed, errors.NotVerifiable,
            errors.RefundOpen, errors.TooManyGuesses,
        ),
    }  # fmt: skip

    def get_queryset(self):
        return Order.objects.served_by(self.request.user).with_items()

    def _order(self, pk: str) -> Order:
        """By id or by number: numbers begin with letters."""
        named = Q(pk=int(pk)) if pk.isdigit() and len(pk) < 19 else Q(number=pk)
        return get_object_or_404(self.get_queryset().prefetch_related("shipments"), named)

    def _answer(self, pk: str) -> Response:
        return Response(ServedOrderDetailSerializer(self._order(pk)).data)

    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()))

    @extend_schema(request=OwnExportBody, responses={202: ExportJobSerializer}, filters=False)
    @action(detail=False, methods=["post"])
    def export(self, request):
        """A job: see /exports.  For the owner of a shop and its managers; numbers are masked."""
        job = request_export(request.user, "merchant_order", **self.body(OwnExportBody))
        return Response(ExportJobSerializer(job).data, status=202)

    @extend_schema(responses=ServedOrderDetailSerializer)
    def retrieve(self, request, pk):
        """By id or by number."""
        return self._answer(pk)

    @extend_schema(request=ShipBodySerializer, responses=ServedOrderDetailSerializer)
    @action(detail=True, methods=["post"])
    def ship(self, request, pk):
        """All parcels at once."""
        body = self.body(ShipBodySerializer)
        ship_order(self._order(pk).pk, actor=request.user, **body)
        return self._answer(pk)

    @extend_schema(request=CorrectBodySerializer, responses=ServedOrderDetailSerializer)
    @action(detail=True, methods=["post"])
    def correct(self, request, pk):
        body = self.body(CorrectBodySerializer)
        correct_shipment(
            body["shipment_id"], actor=request.user, order_id=self._order(pk).pk,
            parcel=body["parcel"],
        )  # fmt: skip
        return self._answer(pk)

    @extend_schema(request=NoteBodySerializer, responses=ServedOrderDetailSerializer)
    @action(detail=True, methods=["put"])
    def note(self, request, pk):
        """Words to oneself; the buyer never sees them."""
        note_order(self._order(pk).pk, **self.body(NoteBodySerializer))
        return self._answer(pk)

    @extend_schema(request=CodeBodySerializer, responses=ServedOrderDetailSerializer)
    @action(detail=False, methods=["post"])
    def verify(self, request):
        """Take the code that a buyer shows on the spot, once."""
        order = verify_code(self.body(CodeBodySerializer)["code"], actor=request.user)
        return Response(ServedOrderDetailSerializer(order).data)  # who takes codes sees no other
