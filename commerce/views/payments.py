from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.idempotency import idempotent_with_network
from commerce import errors
from commerce.gateways.base import methods_on
from commerce.models import Order, Payment, PaymentMethod
from commerce.serializers.orders import (
    MethodsQuerySerializer,
    PayBodySerializer,
    PaymentMethodsSerializer,
    PaymentSerializer,
    StartedPaymentSerializer,
)
from commerce.services.payments import status_of
from commerce.services.starting import start_payment
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.caches import PAYMENT_ASKED
from config.errors import NotFound

# How often one attempt's provider is asked because somebody looks at it.
ASK_AGAIN_SECONDS = 1


class PaymentViewSet(ApiViewSet):
    """/pay: paying one's own orders."""

    serializer_class = PaymentSerializer
    lookup_value_regex = "[0-9A-Z]{1,32}"
    permissions = {"create": LOGIN, "retrieve": LOGIN, "methods": LOGIN}
    summaries = {"create": "支付订单", "retrieve": "查询支付结果", "methods": "可用的支付方式"}
    refusals = {
        "create": (
            NotFound,
            errors.OrderNotPayable,
            errors.UnknownMethod,
            errors.PayerUnknown,
            errors.ProviderUnavailable,
            errors.ProviderRefused,
        ),
    }

    def get_queryset(self):
        return Payment.objects.visible_to(self.request.user).select_related("order")

    @extend_schema(request=PayBodySerializer, responses={201: StartedPaymentSerializer})
    @idempotent_with_network
    def create(self, request):
        """Repeating it is harmless: the same attempt comes back."""
        body = self.body(PayBodySerializer)
        order_id = order_id_of(request.user, body)
        started = start_payment(order_id, user=request.user, method=body["method"])
        answer = StartedPaymentSerializer(started).data | {"app_id": settings.WX_APPID}
        return Response(answer, status=status.HTTP_201_CREATED)

    @extend_schema(responses=PaymentSerializer)
    def retrieve(self, request, pk):
        """By id or number.  While it is open the provider is asked, so a client may just poll."""
        payment = get_object_or_404(self.get_queryset(), **_by_id_or_number(pk))
        if PAYMENT_ASKED.add(str(payment.pk), 1, ASK_AGAIN_SECONDS):
            payment = status_of(payment)
        return Response(PaymentSerializer(payment).data)

    @extend_schema(parameters=[MethodsQuerySerializer], responses=PaymentMethodsSerializer)
    @action(detail=False)
    def methods(self, request):
        """What an order can be paid by, best first; platform: where the client runs."""
        query = MethodsQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        rows = [
            {"method": method, "name": PaymentMethod(method).label, "platform": platform}
            for method, platform in methods_on(query.validated_data["platform"]).items()
        ]
        return Response({"methods": rows})


def _by_id_or_number(text: str) -> dict:
    return {"pk": int(text)} if text.isdigit() and len(text) <= 18 else {"number": text}


def order_id_of(user, body: dict) -> int:
    """The order a body names; the service checks whose an id is."""
    if "order_id" in body:
        return body["order_id"]
    own = Order.objects.visible_to(user).values_list("pk", flat=True)
    return get_object_or_404(own, number=body["order_number"])
