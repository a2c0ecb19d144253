from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from commerce.errors import ImageUnknown
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound, ReasonNeeded
from farm import errors
from farm.filters import OwnAnimalFilter
from farm.models import Animal
from farm.serializers.animals import (
    AnimalBodySerializer,
    HealthBodySerializer,
    HealthRecordSerializer,
    LossBodySerializer,
    OfferBodySerializer,
    OwnAnimalSerializer,
    UpdateBodySerializer,
    UpdateSerializer,
)
from farm.services import animals

_OWN = (NotFound, errors.NotAFarm)
_WRITTEN = (*_OWN, ImageUnknown)


class MerchantAnimalViewSet(ApiViewSet):
    """/merchants/animals: those of one's own farm, whatever their state."""

    serializer_class = OwnAnimalSerializer
    filterset_class = OwnAnimalFilter
    ordering_fields = ["price", "created_at", "birth_date"]
    log_target = "animal"
    permissions = dict.fromkeys(
        (
            "list", "retrieve", "create", "update", "partial_update", "destroy", "submit", "hide",
            "availability", "loss", "updates", "health_records",
        ),
        LOGIN,
    )  # fmt: skip
    summaries = {
        "list": "本农场的动物",
        "submit": "提交上架",
        "hide": "下架动物",
        "availability": "开放或暂停认领",
        "loss": "登记动物离世或走失",
        "updates": "发布动物动态",
        "health_records": "新增健康记录",
    }
    refusals = {
        "create": (errors.NotAFarm, ImageUnknown),
        "update": _WRITTEN,
        "partial_update": _WRITTEN,
        "destroy": (*_OWN, errors.AnimalInUse),
        "submit": (*_OWN, IllegalTransition, errors.AnimalGone),
        "hide": (*_OWN, IllegalTransition),
        "availability": (*_OWN, errors.AnimalClaimed, errors.AnimalGone),
        "loss": (*_OWN, ReasonNeeded, IllegalTransition, errors.AnimalGone, errors.AnimalClaimed),
        "updates": _OWN,
        "health_records": _OWN,
    }

    def get_queryset(self):
        own = Animal.objects.filter(merchant__user=self.request.user).select_related("merchant")
        return own.prefetch_related("health_records", "photos__file").order_by("-pk")

    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request, pk):
        return self._shown(pk)

    @extend_schema(request=AnimalBodySerializer, responses={201: OwnAnimalSerializer})
    def create(self, request):
        """A draft; submit asks staff to publish it."""
        animal = animals.create_animal(user=request.user, **self.body(AnimalBodySerializer))
        return self._shown(animal.pk, status.HTTP_201_CREATED)

    @extend_schema(request=AnimalBodySerializer, responses=OwnAnimalSerializer)
    def update(self, request, pk, partial=False):
        """Claims keep what was agreed."""
        body = self.body(AnimalBodySerializer, partial=partial)
        animals.change_animal(int(pk), user=request.user, **body)
        return self._shown(pk)

    @extend_schema(request=AnimalBodySerializer, responses=OwnAnimalSerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        animals.delete_animal(int(pk), user=request.user)
        return Response({})

    @extend_schema(request=None, responses=OwnAnimalSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request, pk):
        """Ask for its publication; what was hidden is seen again at once."""
        animals.submit_animal(int(pk), user=request.user)
        return self._shown(pk)

    @extend_schema(request=None, responses=OwnAnimalSerializer)
    @action(detail=True, methods=["post"])
    def hide(self, request, pk):
        animals.hide_animal(int(pk), user=request.user)
        return self._shown(pk)

    @extend_schema(request=OfferBodySerializer, responses=OwnAnimalSerializer)
    @action(detail=True, methods=["post"])
    def availability(self, request, pk):
        body = self.body(OfferBodySerializer)
        animals.offer_animal(int(pk), user=request.user, offered=body["available"])
        return self._shown(pk)

    @extend_schema(request=LossBodySerializer, responses=OwnAnimalSerializer)
    @action(detail=True, methods=["post"])
    def loss(self, request, pk):
        """Its claim ends; what is left of the price goes back."""
        animals.report_loss(int(pk), actor=request.user, **self.body(LossBodySerializer))
        return self._shown(pk)

    @extend_schema(request=UpdateBodySerializer, responses={201: UpdateSerializer})
    @action(detail=True, methods=["post"])
    def updates(self, request, pk):
        update = animals.post_update(int(pk), user=request.user, **self.body(UpdateBodySerializer))
        return Response(UpdateSerializer(update).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=HealthBodySerializer, responses={201: HealthRecordSerializer})
    @action(detail=True, methods=["post"], url_path="health-records")
    def health_records(self, request, pk):
        body = self.body(HealthBodySerializer)
        record = animals.add_health_record(int(pk), user=request.user, **body)
        return Response(HealthRecordSerializer(record).data, status=status.HTTP_201_CREATED)

    def _shown(self, pk, code=status.HTTP_200_OK):
        animal = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(OwnAnimalSerializer(animal).data, status=code)
