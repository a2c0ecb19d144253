from rest_framework import serializers

from accounts.services.parameters import parameter


class BlockerSerializer(serializers.Serializer):
    code = serializers.CharField(read_only=True)
    message = serializers.CharField(read_only=True)
    count = serializers.IntegerField(read_only=True)


class DeletionSerializer(serializers.Serializer):
    """requested_at, due_at: null when nothing is pending.  cooling_days: what a request made now
    would wait."""

    status = serializers.SerializerMethodField()
    requested_at = serializers.DateTimeField(
        source="pending.created_at", read_only=True, allow_null=True, default=None
    )
    due_at = serializers.DateTimeField(
        source="pending.due_at", read_only=True, allow_null=True, default=None
    )
    cooling_days = serializers.SerializerMethodField()
    blockers = BlockerSerializer(many=True, read_only=True)

    def get_status(self, state) -> str:
        """none or pending"""
        return "pending" if state["pending"] else "none"

    def get_cooling_days(self, state) -> int:
        return parameter("DELETION_COOLING_DAYS")


class DeletionBody(serializers.Serializer):
    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
