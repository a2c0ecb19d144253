from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.response import Response

from commerce import errors
from commerce.models import Address
from commerce.serializers.addresses import (
    AddressBodySerializer,
    AddressSerializer,
    MaskedAddressSerializer,
)
from commerce.services.addresses import add_address, change_address, delete_address
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet


class AddressViewSet(mixins.RetrieveModelMixin, ApiViewSet):
    """/addresses: one's own address book; the default first."""

    serializer_class = AddressSerializer
    filter_backends = []
    permissions = dict.fromkeys(
        ("list", "retrieve", "create", "update", "partial_update", "destroy"), LOGIN
    )
    refusals = {"create": (errors.TooManyAddresses,)}

    def get_queryset(self):
        return Address.objects.visible_to(self.request.user).order_by("-is_default", "-pk")

    @extend_schema(responses=MaskedAddressSerializer(many=True))
    def list(self, request):
        return self.page(self.get_queryset(), MaskedAddressSerializer)

    @extend_schema(request=AddressBodySerializer, responses={201: AddressSerializer})
    def create(self, request):
        """The first one is the default."""
        address = add_address(user=request.user, **self.body(AddressBodySerializer))
        return Response(AddressSerializer(address).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=AddressBodySerializer)
    def update(self, request, pk, partial=False):
        """Another becomes the default by is_default of its own; false changes nothing."""
        body = self.body(AddressBodySerializer, partial=partial)
        address = change_address(int(pk), user=request.user, **body)
        return Response(AddressSerializer(address).data)

    @extend_schema(request=AddressBodySerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        """Orders keep what they copied."""
        delete_address(int(pk), user=request.user)
        return Response({})
