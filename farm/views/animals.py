from django.conf import settings
from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.errors import AgreementNotCurrent, ConsentRequired
from accounts.idempotency import idempotent_with_network
from commerce.errors import (
    OrderNotPayable,
    PayerUnknown,
    PriceChanged,
    ProviderRefused,
    ProviderUnavailable,
    UnknownMethod,
)
from commerce.models import PaymentMethod
from commerce.services.starting import start_payment
from config.api.caching import etag
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet
from config.errors import NotFound
from farm import errors
from farm.filters import AnimalFilter
from farm.models import Animal, AnimalClaim, AnimalUpdate, ClaimAgreement, ClaimStatus
from farm.serializers.animals import AnimalDetailSerializer, AnimalSerializer, UpdateSerializer
from farm.serializers.claims import ClaimBodySerializer, MadeClaimSerializer
from farm.services.claims import claim_animal

# What keeps an attempt from being started: the claim stands, POST /pay starts it later.
_NOT_STARTED = (
    OrderNotPayable, PayerUnknown, ProviderRefused, ProviderUnavailable, UnknownMethod,
)  # fmt: skip


class AnimalViewSet(ApiViewSet):
    """/animals: those that everybody sees."""

    serializer_class = AnimalSerializer
    filterset_class = AnimalFilter
    ordering_fields = ["price", "created_at", "birth_date"]
    permissions = {"list": PUBLIC, "retrieve": PUBLIC, "updates": PUBLIC, "claim": LOGIN}
    summaries = {"updates": "动物动态", "claim": "认领动物"}
    refusals = {
        "updates": (NotFound,),
        "claim": (
            NotFound,
            errors.AnimalUnavailable,
            errors.OwnAnimal,
            errors.TooManyClaims,
            PriceChanged,
            ConsentRequired,
            AgreementNotCurrent,
        ),
    }

    def get_queryset(self):
        animals = Animal.objects.public().select_related("merchant")
        return animals.prefetch_related("photos__file").order_by("-pk")

    @etag
    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()), AnimalSerializer)

    @extend_schema(responses=AnimalDetailSerializer)
    @etag
    def retrieve(self, request, pk):
        animal = get_object_or_404(self.get_queryset().prefetch_related("health_records"), pk=pk)
        return Response(AnimalDetailSerializer(animal).data)

    @extend_schema(responses=UpdateSerializer(many=True), filters=False)
    @action(detail=True)
    def updates(self, request, pk):
        """Newest first: public ones; all of them for who claims it now, its farm and staff."""
        animal = get_object_or_404(_seen_by(request.user), pk=pk)
        rows = AnimalUpdate.objects.visible_to(request.user).filter(animal=animal)
        return self.page(rows.order_by("-pk"), UpdateSerializer)

    @extend_schema(request=ClaimBodySerializer, responses={201: MadeClaimSerializer})
    @action(detail=True, methods=["post"])
    @idempotent_with_network
    def claim(self, request, pk):
        """The animal is held with the order; active when the payment is verified."""
        body = self.body(ClaimBodySerializer)
        claim = claim_animal(int(pk), user=request.user, **body)
        claim = with_agreements(AnimalClaim.objects).get(pk=claim.pk)
        waits = claim.status == ClaimStatus.PENDING
        claim.payment = try_to_start(claim.order_item, request.user) if waits else None
        made = MadeClaimSerializer(claim, context=self.get_serializer_context())
        return Response(made.data, status=status.HTTP_201_CREATED)


def _seen_by(user):
    """What is public, and what one claims or keeps though it is hidden now."""
    if not user.is_authenticated:
        return Animal.objects.public()
    mine = AnimalClaim.objects.filter(user=user, status=ClaimStatus.ACTIVE).values("animal")
    public = Animal.objects.public().order_by().values("pk")
    return (
        Animal.objects.filter(pk__in=public)
        | Animal.objects.filter(pk__in=mine)
        | Animal.objects.filter(pk__in=Animal.objects.visible_to(user).order_by().values("pk"))
    )


def with_agreements(rows):
    """For the serializers of claims: two more statements, however many there are."""
    agreements = ClaimAgreement.objects.select_related("file").defer("file__content", "snapshot")
    return rows.select_related("order_item__order").prefetch_related(
        Prefetch("agreements", agreements)
    )


def try_to_start(item, user):
    """The parameters of a started attempt by WeChat Pay; None when there is none to start."""
    try:
        started = start_payment(item.order_id, user=user, method=PaymentMethod.WECHAT)
    except _NOT_STARTED:
        return None
    return {
        "payment": started.payment, "parameters": started.parameters, "app_id": settings.WX_APPID,
    }  # fmt: skip
