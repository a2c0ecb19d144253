"""Leave as counselors and staff see it, and hit sessions as their two sides do."""

from datetime import UTC, datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from rest_framework import serializers

from config.api.serializers import ApiModelSerializer, IdField, ReadSerializer
from counseling.models import (
    AffectedAppointment,
    Appointment,
    LeaveRequest,
    SlotStatus,
    TimeSlot,
)
from counseling.services.affected import MOST_OFFERED

# What no calendar of ours reaches would overflow on its way to UTC.
_REACHED = [
    MinValueValidator(datetime(2000, 1, 1, tzinfo=UTC)),
    MaxValueValidator(datetime(2100, 1, 1, tzinfo=UTC)),
]


class _SlotPart(ApiModelSerializer):
    class Meta:
        model = TimeSlot
        fields = ["id", "start_at", "end_at", "status"]


class _SessionPart(ApiModelSerializer):
    counselor_id = IdField(read_only=True)
    counselor_name = serializers.CharField(source="counselor.name", read_only=True)

    class Meta:
        model = Appointment
        fields = [
            "id", "number", "status", "kind", "mode", "start_at", "end_at", "counselor_id",
            "counselor_name",
        ]  # fmt: skip


class ImpactSerializer(ReadSerializer):
    """slots: free ones that close; appointments: sessions somebody booked."""

    slots = _SlotPart(many=True)
    appointments = _SessionPart(many=True)


class LeaveRequestSerializer(ApiModelSerializer):
    """review_note: what its reviewer says about it."""

    counselor_id = IdField(read_only=True)
    counselor_name = serializers.CharField(source="counselor.name", read_only=True)

    class Meta:
        model = LeaveRequest
        fields = [
            "id", "counselor_id", "counselor_name", "start_at", "end_at", "reason", "status",
            "review_note", "reviewed_at", "created_at",
        ]  # fmt: skip


class LeaveDetailSerializer(LeaveRequestSerializer):
    """impact: what it would take away while it waits, what it took away once approved."""

    impact = ImpactSerializer(read_only=True)

    class Meta:
        model = LeaveRequest
        fields = [*LeaveRequestSerializer.Meta.fields, "impact"]


class LeaveBodySerializer(serializers.Serializer):
    """counselor_id: left out for one's own leave."""

    counselor_id = IdField(required=False, default=None)
    start_at = serializers.DateTimeField(validators=_REACHED)
    end_at = serializers.DateTimeField(validators=_REACHED)
    reason = serializers.CharField(max_length=200, allow_blank=True, required=False, default="")


class _OfferedSlotPart(ApiModelSerializer):
    """free: whether it can still be chosen."""

    counselor_id = IdField(read_only=True)
    counselor_name = serializers.CharField(source="counselor.name", read_only=True)
    free = serializers.SerializerMethodField()

    class Meta:
        model = TimeSlot
        fields = ["id", "counselor_id", "counselor_name", "start_at", "end_at", "free"]

    def get_free(self, slot) -> bool:
        return slot.status == SlotStatus.OPEN


class AffectedAppointmentSerializer(ApiModelSerializer):
    """cause: leave or suspension.  offered_slots: what the client may choose from instead.

    What is still open at deadline_at is cancelled with full refund.
    """

    cause = serializers.CharField(source="leave.kind", read_only=True)
    appointment = _SessionPart(read_only=True)
    offered_slots = _OfferedSlotPart(many=True, read_only=True)

    class Meta:
        model = AffectedAppointment
        fields = [
            "id", "cause", "status", "appointment", "deadline_at", "offered_slots", "offered_at",
            "resolved_at", "created_at",
        ]  # fmt: skip


class OfferSlotsSerializer(serializers.Serializer):
    slot_ids = serializers.ListField(child=IdField(), min_length=1, max_length=MOST_OFFERED)


class AcceptBodySerializer(serializers.Serializer):
    slot_id = IdField()
