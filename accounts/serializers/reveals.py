from rest_framework import serializers

_WHY = {"min_length": 2, "max_length": 200}


class RevealedSerializer(serializers.Serializer):
    """value: "" when there is none."""

    field = serializers.CharField()
    value = serializers.CharField(allow_blank=True)


class UserRevealBody(serializers.Serializer):
    """reason: goes into the operation log."""

    field = serializers.ChoiceField(choices=["phone", "email"])
    reason = serializers.CharField(**_WHY)


class ClientRevealBody(serializers.Serializer):
    """reason: goes into the operation log."""

    field = serializers.ChoiceField(
        choices=[
            "name",
            "phone",
            "emergency_name",
            "emergency_phone",
            "guardian_name",
            "guardian_phone",
        ]
    )
    reason = serializers.CharField(**_WHY)
