from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.response import Response

from accounts.idempotency import idempotent
from commerce import errors
from commerce.filters import RefundFilter
from commerce.models import Refund
from commerce.serializers.orders import RefundBodySerializer, RefundSerializer
from commerce.services.refunds import request_refund
from commerce.views.payments import order_id_of
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import NotFound


class RefundViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """/refund: what went back to a person, and asking for it."""

    serializer_class = RefundSerializer
    write_serializer_class = RefundBodySerializer
    filterset_class = RefundFilter
    permissions = {"list": LOGIN, "retrieve": LOGIN, "create": LOGIN}
    summaries = {"create": "申请退款"}
    refusals = {"create": (errors.NotRefundable, NotFound)}

    def get_queryset(self):
        return Refund.objects.visible_to(self.request.user).select_related("order")

    @extend_schema(request=RefundBodySerializer, responses={201: RefundSerializer})
    @idempotent
    def create(self, request):
        """Staff decide; asking again while they have not is the same request."""
        body = self.body(RefundBodySerializer)
        refund = request_refund(
            order_id_of(request.user, body),
            user=request.user,
            reason_code=body["reason_code"],
            reason=body["reason"],
        )
        return Response(RefundSerializer(refund).data, status=status.HTTP_201_CREATED)
