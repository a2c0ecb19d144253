"""The rules of counselors' time, and batches of slots."""

from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.serializers import ApiModelSerializer, IdField
from counseling.models import ExceptionKind, ScheduleException, Weekday, WeeklyTemplate
from counseling.models.schedule import MOST_WEEKS
from counseling.serializers.counselors import RowSerializer, SlotSerializer

MOST_SLOTS = 200
LONGEST_RANGE = 366
_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)
_ID = {"min_value": 1, "max_value": 10**18}


def _day(value: date) -> None:
    if value is not None and not _FIRST <= value < _LAST:
        raise serializers.ValidationError(_("日期超出范围"))


def _date(**kwargs) -> serializers.DateField:
    return serializers.DateField(validators=[_day], **kwargs)


@extend_schema_field({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"})
class ClockField(serializers.TimeField):
    """A time of day, Asia/Shanghai: 09:30."""

    def __init__(self, **kwargs):
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **kwargs)


class WeeklyTemplateSerializer(ApiModelSerializer):
    """weekday: 0 Monday to 6 Sunday."""

    start_time = ClockField(read_only=True)
    end_time = ClockField(read_only=True)

    class Meta:
        model = WeeklyTemplate
        fields = [
            "id", "counselor_id", "weekday", "start_time", "end_time", "slot_minutes",
            "break_minutes", "every_weeks", "anchor_date", "valid_from", "valid_until",
            "is_active", "updated_at",
        ]  # fmt: skip


class ScheduleExceptionSerializer(ApiModelSerializer):
    start_time = ClockField(read_only=True, allow_null=True)
    end_time = ClockField(read_only=True, allow_null=True)

    class Meta:
        model = ScheduleException
        fields = [
            "id", "counselor_id", "date", "kind", "start_time", "end_time", "slot_minutes",
            "break_minutes", "note", "is_active", "updated_at",
        ]  # fmt: skip


class _HoursBody(serializers.Serializer):
    slot_minutes = serializers.IntegerField(min_value=10, max_value=480, required=False)
    break_minutes = serializers.IntegerField(min_value=0, max_value=240, required=False)
    is_active = serializers.BooleanField(required=False)


class WeeklyTemplateBody(_HoursBody):
    weekday = serializers.ChoiceField(Weekday.choices)
    start_time = ClockField()
    end_time = ClockField()
    every_weeks = serializers.IntegerField(min_value=1, max_value=MOST_WEEKS, required=False)
    anchor_date = _date(required=False, allow_null=True)
    valid_from = _date(required=False, allow_null=True)
    valid_until = _date(required=False, allow_null=True)


class ScheduleExceptionBody(_HoursBody):
    """off without times is the whole day; an end not after its start is on the next day."""

    date = _date()
    kind = serializers.ChoiceField(ExceptionKind.choices)
    start_time = ClockField(required=False, allow_null=True)
    end_time = ClockField(required=False, allow_null=True)
    note = serializers.CharField(max_length=100, allow_blank=True, required=False)


class _Whose(serializers.Serializer):
    """counselor_id: for staff; without it one's own."""

    counselor_id = IdField(required=False, **_ID)


class NewWeeklyTemplateBody(_Whose, WeeklyTemplateBody):
    pass


class NewScheduleExceptionBody(_Whose, ScheduleExceptionBody):
    pass


class _BatchBody(_Whose):
    """partly: do what can be done; without it one conflict leaves everything as it is.

    dry_run: say what would come of it.
    """

    partly = serializers.BooleanField(required=False)
    dry_run = serializers.BooleanField(required=False)


class _SpanBody(serializers.Serializer):
    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField()

    def validate(self, data):
        for moment in data.values():
            _day(moment.date())
        return data


class _ChangeBody(_SpanBody):
    id = serializers.IntegerField(**_ID)

    def validate(self, data):
        super().validate({name: data[name] for name in ("start_at", "end_at")})
        return data


class NewSlotsBody(_BatchBody):
    slots = _SpanBody(many=True, min_length=1, max_length=MOST_SLOTS)


class ChangeSlotsBody(_BatchBody):
    slots = _ChangeBody(many=True, min_length=1, max_length=MOST_SLOTS)


class SlotIdsBody(_BatchBody):
    ids = serializers.ListField(child=IdField(**_ID), min_length=1, max_length=MOST_SLOTS)


class CloseSlotsBody(SlotIdsBody):
    reason = serializers.CharField(max_length=200, allow_blank=True, required=False)


class BatchSlotSerializer(SlotSerializer):
    """id: null while nothing was written."""

    id = serializers.IntegerField(allow_null=True)


class ConflictSerializer(RowSerializer):
    """place: which of the batch, from 0."""

    place = serializers.IntegerField()
    reason = serializers.ChoiceField(
        [
            "overlap", "past", "times", "on_leave", "in_use", "unknown", "crossing", "already_open",
            "already_closed",
        ]
    )  # fmt: skip
    slot_id = IdField(allow_null=True)
    with_slot_id = IdField(allow_null=True)
    start_at = serializers.DateTimeField(allow_null=True)
    end_at = serializers.DateTimeField(allow_null=True)


class BatchSerializer(RowSerializer):
    dry_run = serializers.BooleanField()
    slots = BatchSlotSerializer(many=True)
    conflicts = ConflictSerializer(many=True)


class DaysQuery(serializers.Serializer):
    """From one business day to another, both included."""

    counselor = IdField(required=False, **_ID)
    to = _date()

    def get_fields(self):
        """`from` is a word of Python's."""
        return super().get_fields() | {"from": _date()}

    def validate(self, data):
        first, last = data["from"], data["to"]
        if first > last:
            raise serializers.ValidationError({"from": _("不能晚于结束日期")})
        if last - first >= timedelta(days=LONGEST_RANGE):
            raise serializers.ValidationError({"from": _("时间范围过长")})
        return data


class UtilisationSerializer(RowSerializer):
    """utilisation: booked minutes of all that were not closed, 0..1; null when none were."""

    counselor_id = IdField()
    name = serializers.CharField()
    open_minutes = serializers.IntegerField()
    held_minutes = serializers.IntegerField()
    booked_minutes = serializers.IntegerField()
    closed_minutes = serializers.IntegerField()
    utilisation = serializers.DecimalField(
        max_digits=5,
        decimal_places=4,
        min_value=0,
        max_value=1,
        coerce_to_string=False,
        allow_null=True,
    )
