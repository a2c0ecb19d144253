from rest_framework import serializers

from config.api.serializers import ApiModelSerializer
from counseling.models import NoteAccess, SessionNote

NOTE_LENGTH = 20_000
_ID = {"min_value": 1, "max_value": 2**63 - 1}


class SessionNoteSerializer(ApiModelSerializer):
    """That there is a note, without its words."""

    appointment_id = serializers.IntegerField(read_only=True)

    class Meta:
        model = SessionNote
        fields = ["id", "appointment_id", "created_at", "updated_at", "locks_at"]


class SessionNoteDetailSerializer(SessionNoteSerializer):
    class Meta:
        model = SessionNote
        fields = [*SessionNoteSerializer.Meta.fields, "note"]


class OpenedNoteSerializer(SessionNoteDetailSerializer):
    """As somebody reads it for whom it was opened."""

    author = serializers.CharField(source="author.display_name", read_only=True)

    class Meta:
        model = SessionNote
        fields = [*SessionNoteDetailSerializer.Meta.fields, "author"]


class ChangeNoteSerializer(serializers.Serializer):
    note = serializers.CharField(max_length=NOTE_LENGTH)


class WriteNoteSerializer(ChangeNoteSerializer):
    appointment_id = serializers.IntegerField(**_ID)


class MyNoteAccessSerializer(ApiModelSerializer):
    """As the two sides of the session see it: that, why, how long and how often; not who."""

    appointment_id = serializers.IntegerField(read_only=True)

    class Meta:
        model = NoteAccess
        fields = [
            "id", "appointment_id", "reason", "status", "decided_at", "ends_at", "reads",
            "last_read_at",
        ]  # fmt: skip


class NoteAccessSerializer(MyNoteAccessSerializer):
    requested_by = serializers.CharField(source="requested_by.display_name", read_only=True)
    decided_by = serializers.CharField(source="decided_by.display_name", default="", read_only=True)

    class Meta:
        model = NoteAccess
        fields = [
            *MyNoteAccessSerializer.Meta.fields, "requested_by", "decided_by", "created_at",
        ]  # fmt: skip


class AskSerializer(serializers.Serializer):
    """reason: the two sides of the session read it."""

    appointment_id = serializers.IntegerField(**_ID)
    reason = serializers.CharField(min_length=2, max_length=200)


class RejectSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=200, allow_blank=True, default="")
