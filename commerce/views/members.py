from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from commerce import errors
from commerce.filters import InvitationFilter
from commerce.models import MerchantInvitation, MerchantMember
from commerce.serializers.members import (
    InvitationBodySerializer,
    InvitationSerializer,
    MemberRoleSerializer,
    MemberSerializer,
)
from commerce.services import invitations
from commerce.services.members import change_member, remove_member
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound


class MemberViewSet(ApiViewSet):
    """/merchants/members: who works for one's merchant; its owner decides."""

    serializer_class = MemberSerializer
    filter_backends = []
    permissions = dict.fromkeys(("list", "partial_update", "destroy"), LOGIN)

    def get_queryset(self):
        return (
            MerchantMember.objects.visible_to(self.request.user)
            .select_related("user")
            .order_by("pk")
        )

    def list(self, request):
        return self.page(self.get_queryset())

    @extend_schema(request=MemberRoleSerializer)
    def partial_update(self, request, pk):
        member = change_member(int(pk), owner=request.user, **self.body(MemberRoleSerializer))
        return Response(MemberSerializer(member).data)

    def destroy(self, request, pk):
        """By the owner; or by the member, who leaves."""
        remove_member(int(pk), actor=request.user)
        return Response({})


class InvitationViewSet(ApiViewSet):
    """/merchants/invitations: who is asked to work for a merchant, and what they say."""

    serializer_class = InvitationSerializer
    filterset_class = InvitationFilter
    permissions = dict.fromkeys(("list", "mine", "create", "accept", "decline", "withdraw"), LOGIN)
    summaries = {
        "mine": "我收到的商户邀请",
        "accept": "接受商户邀请",
        "decline": "谢绝商户邀请",
        "withdraw": "撤回商户邀请",
    }
    refusals = {
        "create": (
            NotFound, errors.RoleNotYours, errors.MemberUnknown, errors.MemberExists,
            errors.InvitationOpen, errors.TooManyMembers,
        ),
        "accept": (
            NotFound, IllegalTransition, errors.InvitationExpired, errors.MerchantClosed,
            errors.MemberExists, errors.TooManyMembers,
        ),
        "decline": (NotFound, IllegalTransition),
        "withdraw": (NotFound, IllegalTransition),
    }  # fmt: skip

    def get_queryset(self):
        if self.action == "mine":
            rows = MerchantInvitation.objects.visible_to(self.request.user)
        else:
            rows = MerchantInvitation.objects.managed_by(self.request.user)
        return rows.select_related("merchant", "user").order_by("-pk")

    def list(self, request):
        """Those of the merchant one owns or manages."""
        return self.page(self.filter_queryset(self.get_queryset()))

    @extend_schema(responses=InvitationSerializer(many=True))
    @action(detail=False)
    def mine(self, request):
        """Those one got."""
        return self.page(self.filter_queryset(self.get_queryset()))

    @extend_schema(request=InvitationBodySerializer, responses={201: InvitationSerializer})
    def create(self, request):
        """By the owner, or by a manager for whoever is no manager."""
        invitation = invitations.invite_member(
            actor=request.user, **self.body(InvitationBodySerializer)
        )
        return Response(InvitationSerializer(invitation).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=MemberSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request, pk):
        """Only this makes a member."""
        member = invitations.accept_invitation(int(pk), user=request.user)
        return Response(MemberSerializer(member).data)

    @extend_schema(request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request, pk):
        invitation = invitations.decline_invitation(int(pk), user=request.user)
        return Response(InvitationSerializer(invitation).data)

    @extend_schema(request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request, pk):
        """By whoever sent it, or by the owner."""
        invitation = invitations.withdraw_invitation(int(pk), actor=request.user)
        return Response(InvitationSerializer(invitation).data)
