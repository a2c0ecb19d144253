from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.errors import FieldUnreadable, TooManyReveals
from accounts.scope import scoped
from accounts.serializers.reveals import ClientRevealBody, RevealedSerializer
from accounts.views.reveals import revealed
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from counseling import errors
from counseling.models import ClientProfile
from counseling.serializers.clients import (
    ClientProfileBodySerializer,
    ClientProfileSerializer,
    MaskedClientProfileSerializer,
)
from counseling.services.clients import archive_client, create_client, reveal_client, update_client

REVEAL = "counseling.reveal_clientprofile"


class ClientProfileViewSet(mixins.RetrieveModelMixin, ApiViewSet):
    """/client-profile: whom a user books for; nobody else ever sees these here."""

    serializer_class = ClientProfileSerializer
    filter_backends = []
    summaries = {"reveal": "查看来访者完整信息（工作人员）"}
    permissions = {
        "list": LOGIN,
        "retrieve": LOGIN,
        "create": LOGIN,
        "update": LOGIN,
        "partial_update": LOGIN,
        "destroy": LOGIN,
        "reveal": REVEAL,
    }
    step_up = frozenset({"reveal"})
    refusals = dict.fromkeys(
        ("create", "update", "partial_update"),
        (errors.GuardianNameNeeded, errors.GuardianContactNeeded, errors.DuplicateSelfProfile),
    ) | {"reveal": (TooManyReveals, FieldUnreadable)}

    def get_queryset(self):
        return ClientProfile.objects.visible_to(self.request.user).order_by("pk")

    @extend_schema(responses=MaskedClientProfileSerializer(many=True))
    def list(self, request):
        return self.page(self.get_queryset(), MaskedClientProfileSerializer)

    @extend_schema(request=ClientProfileBodySerializer, responses={201: ClientProfileSerializer})
    def create(self, request):
        client = create_client(user=request.user, **self.body(ClientProfileBodySerializer))
        return Response(ClientProfileSerializer(client).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ClientProfileBodySerializer)
    def update(self, request, pk, partial=False):
        body = self.body(ClientProfileBodySerializer, partial=partial)
        client = update_client(int(pk), user=request.user, **body)
        return Response(ClientProfileSerializer(client).data)

    @extend_schema(request=ClientProfileBodySerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    @extend_schema(request=ClientRevealBody, responses=RevealedSerializer)
    @action(["POST"], detail=True)
    def reveal(self, request, pk):
        """Staff: one value of anybody's profile in full; logged, and its owner hears of it."""
        body = self.body(ClientRevealBody)
        reached = scoped(ClientProfile.objects.all(), request.user, REVEAL)
        client = get_object_or_404(reached, pk=pk)
        return revealed(request, client, body, service=reveal_client)

    def destroy(self, request, pk):
        """Archive it: appointments made for it keep it."""
        archive_client(int(pk), user=request.user)
        return Response({})
