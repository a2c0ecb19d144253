from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from commerce.models import MemberRole, MerchantInvitation, MerchantMember
from config.api.serializers import ApiModelSerializer, IdField, PhoneField
from config.masking import mask_name, mask_phone


class MemberSerializer(ApiModelSerializer):
    """Somebody who works for the merchant; their number is masked."""

    user_id = IdField(read_only=True)
    nickname = serializers.CharField(source="user.nickname", read_only=True)
    phone = serializers.SerializerMethodField()

    class Meta:
        model = MerchantMember
        fields = ["id", "user_id", "nickname", "phone", "role", "created_at"]

    def get_phone(self, member) -> str:
        return mask_phone(member.user.phone)


class MemberRoleSerializer(serializers.Serializer):
    role = serializers.ChoiceField(MemberRole.choices)


class InvitationBodySerializer(MemberRoleSerializer):
    """Whom: by the number they log in with, or by their id."""

    phone = PhoneField(required=False)
    user_id = IdField(required=False)

    def validate(self, body):
        if ("phone" in body) == ("user_id" in body):
            raise serializers.ValidationError({"phone": [_("请提供手机号或用户 ID 之一")]})
        return body


class InvitationSerializer(ApiModelSerializer):
    """As both sides see it.  name: the invited person's, masked, and no number: they said no word
    yet."""

    merchant_id = IdField(read_only=True)
    merchant_name = serializers.CharField(source="merchant.business_name", read_only=True)
    user_id = IdField(read_only=True)
    name = serializers.SerializerMethodField()

    class Meta:
        model = MerchantInvitation
        fields = [
            "id", "merchant_id", "merchant_name", "user_id", "name", "role", "status",
            "expires_at", "created_at", "decided_at",
        ]  # fmt: skip

    def get_name(self, invitation) -> str:
        return mask_name(invitation.user.display_name)
