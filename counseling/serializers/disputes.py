"""Disputes as their two sides see them."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from commerce.serializers.pictures import FEW_PICTURES, picture_ids
from config.api.serializers import ApiModelSerializer, IdField, MoneyField, ReadSerializer
from counseling.models import Dispute, DisputeReason, Side
from media.models import Variant
from media.services.links import url_for

LENGTH = 1000


class DisputeSerializer(ApiModelSerializer):
    """text, answer: what client and counselor wrote, for the two of them; empty for staff.

    answer_by: until when the counselor is heard.  refund: yuan that went back, null for none.
    """

    class Meta:
        model = Dispute
        fields = [
            "id", "number", "appointment_id", "reason", "text", "answer", "status", "answer_by",
            "answered_at", "decide_by", "decided_at", "decision_note", "refund", "created_at",
        ]  # fmt: skip

    appointment_id = IdField(read_only=True)
    refund = MoneyField(read_only=True, allow_null=True)

    def to_representation(self, dispute):
        shown = super().to_representation(dispute)
        hidden = self.context["request"].user.pk not in dispute.sides
        return shown | {"text": "", "answer": ""} if hidden else shown


class EvidenceSerializer(ReadSerializer):
    """id: the upload's.  The links are the caller's own and live ten minutes."""

    id = serializers.IntegerField(source="file_id", read_only=True)
    side = serializers.ChoiceField(Side.choices, read_only=True)
    url = serializers.SerializerMethodField()
    thumb_url = serializers.SerializerMethodField()

    def get_url(self, row) -> str:
        return url_for(row.file, user_id=self.context["viewer"].pk)

    def get_thumb_url(self, row) -> str:
        return url_for(row.file, user_id=self.context["viewer"].pk, variant=Variant.THUMB)


class DisputeDetailSerializer(DisputeSerializer):
    """evidence: what both put in, for the two and for staff who decide; empty for others."""

    evidence = serializers.SerializerMethodField()

    class Meta:
        model = Dispute
        fields = [*DisputeSerializer.Meta.fields, "evidence"]

    @extend_schema_field(EvidenceSerializer(many=True))
    def get_evidence(self, dispute):
        return EvidenceSerializer(
            self.context["evidence"], many=True, context={"viewer": self.context["request"].user}
        ).data


class OpenDisputeSerializer(serializers.Serializer):
    appointment_id = IdField()
    reason = serializers.ChoiceField(DisputeReason.choices)
    text = serializers.CharField(max_length=LENGTH, allow_blank=True, required=False, default="")
    image_ids = picture_ids(FEW_PICTURES)


class AnswerSerializer(serializers.Serializer):
    answer = serializers.CharField(max_length=LENGTH)
    image_ids = picture_ids(FEW_PICTURES)


class RejectDisputeSerializer(serializers.Serializer):
    note = serializers.CharField(max_length=200, help_text="会告知双方")


class UpholdDisputeSerializer(RejectDisputeSerializer):
    amount = MoneyField(required=False, help_text="退还的金额(元)；不填为全部")
