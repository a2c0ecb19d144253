"""Disputes as their two sides see them."""

from rest_framework import serializers

from config.api.serializers import ApiModelSerializer, MoneyField
from counseling.models import Dispute, DisputeReason

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

    appointment_id = serializers.IntegerField(read_only=True)
    refund = MoneyField(read_only=True, allow_null=True)

    def to_representation(self, dispute):
        shown = super().to_representation(dispute)
        appointment = dispute.appointment
        sides = (appointment.user_id, appointment.counselor.user_id)
        hidden = self.context["request"].user.pk not in sides
        return shown | {"text": "", "answer": ""} if hidden else shown


class OpenDisputeSerializer(serializers.Serializer):
    appointment_id = serializers.IntegerField(min_value=1)
    reason = serializers.ChoiceField(DisputeReason.choices)
    text = serializers.CharField(max_length=LENGTH, allow_blank=True, required=False, default="")


class AnswerSerializer(serializers.Serializer):
    answer = serializers.CharField(max_length=LENGTH)


class RejectDisputeSerializer(serializers.Serializer):
    note = serializers.CharField(max_length=200, help_text="会告知双方")


class UpholdDisputeSerializer(RejectDisputeSerializer):
    amount = MoneyField(required=False, help_text="退还的金额(元)；不填为全部")
