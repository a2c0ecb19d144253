from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.response import Response

from commerce import errors
from commerce.models import MerchantMember
from commerce.serializers.products import (
    MemberBodySerializer,
    MemberRoleSerializer,
    MemberSerializer,
)
from commerce.services.members import add_member, change_member, remove_member
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import NotFound


class MemberViewSet(ApiViewSet):
    """/merchants/members: who works for one's merchant; its owner decides."""

    serializer_class = MemberSerializer
    filter_backends = []
    permissions = dict.fromkeys(("list", "create", "partial_update", "destroy"), LOGIN)
    refusals = {
        "create": (
            NotFound, errors.MemberUnknown, errors.MemberExists, errors.TooManyMembers,
        ),
    }  # fmt: skip

    def get_queryset(self):
        return (
            MerchantMember.objects.visible_to(self.request.user)
            .select_related("user")
            .order_by("pk")
        )

    def list(self, request):
        return self.page(self.get_queryset())

    @extend_schema(request=MemberBodySerializer, responses={201: MemberSerializer})
    def create(self, request):
        member = add_member(owner=request.user, **self.body(MemberBodySerializer))
        return Response(MemberSerializer(member).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=MemberRoleSerializer)
    def partial_update(self, request, pk):
        member = change_member(int(pk), owner=request.user, **self.body(MemberRoleSerializer))
        return Response(MemberSerializer(member).data)

    def destroy(self, request, pk):
        """By the owner; or by the member, who leaves."""
        remove_member(int(pk), actor=request.user)
        return Response({})
