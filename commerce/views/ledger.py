from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.errors import ExportInvalid, TooManyExports
from accounts.serializers.exports import ExportJobSerializer, OwnExportBody
from accounts.services.exports import request_export
from commerce.filters import LedgerFilter
from commerce.models import LedgerEntry, Merchant
from commerce.serializers.ledger import BalanceSerializer, LedgerEntrySerializer
from commerce.services.merchant_books import figures_of
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import Forbidden, NotFound


class MerchantLedgerViewSet(ApiViewSet):
    """/merchants/ledger and /merchants/balance: the books of one's own shop."""

    serializer_class = LedgerEntrySerializer
    filterset_class = LedgerFilter
    log_target = "ledger"
    log_operations = {"export": "data:export"}
    permissions = {"list": LOGIN, "balance": LOGIN, "export": LOGIN}
    step_up = frozenset({"export"})
    summaries = {"list": "商户账目", "balance": "商户余额", "export": "导出商户账目"}
    refusals = {
        "balance": (NotFound,),
        "export": (Forbidden, ExportInvalid, TooManyExports),
    }

    def get_queryset(self):
        entries = LedgerEntry.objects.visible_to(self.request.user)
        return entries.select_related("transaction__order").order_by("-pk")

    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()), LedgerEntrySerializer)

    @extend_schema(responses=BalanceSerializer)
    def balance(self, request):
        """404 for who has no shop."""
        merchant = get_object_or_404(Merchant, user=request.user)
        return Response(BalanceSerializer(figures_of(merchant)).data)

    @extend_schema(request=OwnExportBody, responses={202: ExportJobSerializer}, filters=False)
    def export(self, request):
        """A job: see /exports.  For the owner of a shop."""
        job = request_export(request.user, "merchant_ledger", **self.body(OwnExportBody))
        return Response(ExportJobSerializer(job).data, status=202)
