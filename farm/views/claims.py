from dataclasses import asdict

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.idempotency import idempotent_with_network
from commerce.errors import PriceChanged
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet
from config.errors import Forbidden, IllegalTransition, NotFound, ReasonNeeded
from farm import errors
from farm.filters import ClaimFilter
from farm.models import AnimalClaim, ClaimRenewal, RenewalStatus
from farm.serializers.claims import (
    AgreementTokenQuery,
    ClaimBodySerializer,
    ClaimDetailSerializer,
    ClaimSerializer,
    EndBodySerializer,
    EndPreviewSerializer,
    MadeRenewalSerializer,
)
from farm.services import claims
from farm.services.links import open_agreement
from farm.services.renewing import renew_claim
from farm.views.animals import try_to_start, with_agreements

_DECISION = (NotFound, Forbidden, IllegalTransition, ReasonNeeded)


def _rows():
    return AnimalClaim.objects.select_related("order_item__order").order_by("-pk")


class _Claims(ApiViewSet):
    serializer_class = ClaimSerializer
    filterset_class = ClaimFilter
    ordering_fields = ["claimed_at", "ends_at", "created_at"]

    def get_queryset(self):
        """Whose list it is."""
        raise NotImplementedError

    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()))

    @extend_schema(responses=ClaimDetailSerializer)
    def retrieve(self, request, pk):
        return self._shown(pk)

    def _shown(self, pk):
        visible = AnimalClaim.objects.visible_to(self.request.user)
        claim = get_object_or_404(with_agreements(visible), pk=pk)
        return Response(ClaimDetailSerializer(claim, context=self.get_serializer_context()).data)


class ClaimViewSet(_Claims):
    """/animals/claims: one's own claims; one of them for its merchant and staff too."""

    permissions = dict.fromkeys(("list", "retrieve", "end_preview", "end", "renew"), LOGIN)
    summaries = {
        "renew": "续期认领",
        "list": "我的认领",
        "retrieve": "认领详情",
        "end_preview": "提前结束的退款预览",
        "end": "申请提前结束认领",
    }
    refusals = {
        "end_preview": (NotFound, IllegalTransition),
        "end": (NotFound, IllegalTransition),
        "renew": (
            NotFound, PriceChanged, errors.NotRenewable, errors.RenewalTooEarly,
            errors.RenewalWaiting,
        ),
    }  # fmt: skip

    def get_queryset(self):
        return _rows().filter(user_id=self.request.user.pk)

    @extend_schema(responses=EndPreviewSerializer, filters=False)
    @action(detail=True, url_path="end-preview")
    def end_preview(self, request, pk):
        """What ending it now would give back; nothing is ended."""
        preview = claims.preview_for(int(pk), actor=request.user, now=timezone.now())
        return Response(asdict(preview))

    @extend_schema(request=EndBodySerializer, responses=ClaimDetailSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request, pk):
        """Ask to end it before its time; its merchant or staff decide."""
        claims.ask_to_end(int(pk), user=request.user, **self.body(EndBodySerializer))
        return self._shown(pk)

    @extend_schema(request=ClaimBodySerializer, responses={201: MadeRenewalSerializer})
    @action(detail=True, methods=["post"])
    @idempotent_with_network
    def renew(self, request, pk):
        """A further term from the end on, at today's price; counted when the payment is
        verified."""
        renewal = renew_claim(int(pk), user=request.user, **self.body(ClaimBodySerializer))
        renewal = ClaimRenewal.objects.select_related("order_item__order", "claim").get(
            pk=renewal.pk
        )
        waits = renewal.status == RenewalStatus.PENDING
        renewal.payment = try_to_start(renewal.order_item, request.user) if waits else None
        made = MadeRenewalSerializer(renewal, context=self.get_serializer_context())
        return Response(made.data, status=status.HTTP_201_CREATED)


class MerchantClaimViewSet(_Claims):
    """/merchants/claims: claims on the animals of one's own farm."""

    log_target = "animal_claim"
    permissions = dict.fromkeys(("list", "retrieve", "end", "refuse_end"), LOGIN)
    summaries = {
        "list": "本农场的认领",
        "retrieve": "本农场的认领详情",
        "end": "提前结束认领并按比例退款",
        "refuse_end": "驳回提前结束申请",
    }
    refusals = {"end": _DECISION, "refuse_end": (*_DECISION, errors.EndNotAsked)}

    def get_queryset(self):
        return _rows().filter(merchant__user_id=self.request.user.pk)

    @extend_schema(request=EndBodySerializer, responses=ClaimDetailSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request, pk):
        """What is left of its price goes back, by the day the claimant asked or by today."""
        claims.end_early(int(pk), actor=request.user, **self.body(EndBodySerializer))
        return self._shown(pk)

    @extend_schema(request=EndBodySerializer, responses=ClaimDetailSerializer)
    @action(detail=True, methods=["post"], url_path="refuse-end")
    def refuse_end(self, request, pk):
        claims.refuse_end(int(pk), actor=request.user, **self.body(EndBodySerializer))
        return self._shown(pk)


class AgreementFileViewSet(ApiViewSet):
    """/animals/agreements/file: the document itself; not JSON unless refused."""

    serializer_class = ClaimSerializer
    filter_backends = []
    pagination_class = None
    permissions = {"file": PUBLIC}
    summaries = {"file": "认领协议文件"}
    refusals = {"file": (errors.AgreementLinkInvalid,)}

    @extend_schema(
        parameters=[AgreementTokenQuery],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    def file(self, request):
        """By a link of ten minutes that says whose it is."""
        file = open_agreement(request.query_params.get("token", ""), visitor=request.user)
        name = f"{file.agreement.number}.pdf"
        return HttpResponse(bytes(file.content), content_type="application/pdf", headers={
            "Content-Disposition": content_disposition_header(False, name),
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        })  # fmt: skip
