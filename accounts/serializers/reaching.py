from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Channel, NoticeKind
from accounts.services.subscriptions import Answer


class SceneQuery(serializers.Serializer):
    scene = serializers.SlugField(max_length=32)


class LeaveSerializer(serializers.Serializer):
    template_id = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    remaining = serializers.IntegerField(read_only=True)


class LeavesSerializer(serializers.Serializer):
    """template_id: for wx.requestSubscribeMessage.  remaining: messages still accepted, a hint."""

    templates = LeaveSerializer(many=True, read_only=True)


class AnswersBody(serializers.Serializer):
    """What wx.requestSubscribeMessage gave, without errMsg."""

    results = serializers.DictField(
        child=serializers.ChoiceField(choices=Answer.choices), allow_empty=False
    )

    def validate_results(self, value):
        if len(value) > 20:
            raise serializers.ValidationError(_("一次最多 20 个模板"))
        return value


class ChoiceSerializer(serializers.Serializer):
    template = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    kind = serializers.ChoiceField(choices=NoticeKind.choices, read_only=True)
    channel = serializers.ChoiceField(choices=Channel.choices, read_only=True)
    enabled = serializers.BooleanField(read_only=True)
    mandatory = serializers.BooleanField(read_only=True)


class QuietHoursSerializer(serializers.Serializer):
    """Clock times of Shanghai; an end before the start is on the next day."""

    start = serializers.TimeField(format="%H:%M", input_formats=["%H:%M"])
    end = serializers.TimeField(format="%H:%M", input_formats=["%H:%M"])

    def validate(self, attrs):
        if attrs["start"] == attrs["end"]:
            raise serializers.ValidationError({"end": [_("须与开始时间不同")]})
        return attrs


class PreferencesSerializer(serializers.Serializer):
    """quiet_hours is null when no hour is quiet."""

    preferences = ChoiceSerializer(many=True, read_only=True)
    quiet_hours = QuietHoursSerializer(read_only=True, allow_null=True)


class ChoiceBody(serializers.Serializer):
    template = serializers.CharField(max_length=64)
    channel = serializers.ChoiceField(choices=Channel.choices)
    enabled = serializers.BooleanField()


class PreferencesBody(serializers.Serializer):
    """What is left out stays as it is; quiet_hours null ends them."""

    preferences = ChoiceBody(many=True, required=False, max_length=200)
    quiet_hours = QuietHoursSerializer(required=False, allow_null=True)
