from rest_framework import serializers

from accounts.serializers.stats import FunnelStepSerializer, SpanQuery, StatsExportBody
from counseling.models import Mode, ServiceKind


class AppointmentStatsQuery(SpanQuery):
    """One counselor, kind or mode alone."""

    counselor = serializers.IntegerField(required=False, min_value=1)
    kind = serializers.ChoiceField(ServiceKind.choices, required=False)
    mode = serializers.ChoiceField(Mode.choices, required=False)

    def validate(self, data):
        more = {name: data[name] for name in ("counselor", "kind", "mode") if name in data}
        return super().validate(data) | more


class AppointmentStatsExportBody(StatsExportBody, AppointmentStatsQuery):
    """The figures that are wanted; no format: CSV."""


def _told() -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=True)


def _share() -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=5,
        decimal_places=4,
        min_value=0,
        max_value=1,
        coerce_to_string=False,
        allow_null=True,
    )


class OutcomeSerializer(serializers.Serializer):
    """null: too small to be told (invariants P-7)."""

    booked = _told()
    sessions = _told()
    completed = _told()
    no_show = _told()
    cancelled = _told()


class RatesSerializer(serializers.Serializer):
    completion = _share()
    cancellation = _share()
    no_show = _share()


class SatisfactionSerializer(serializers.Serializer):
    """mean: stars, 1 to 5."""

    reviews = _told()
    mean = serializers.DecimalField(
        max_digits=3, decimal_places=2, min_value=1, max_value=5, coerce_to_string=False,
        allow_null=True,
    )  # fmt: skip


class WorkloadSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    sessions = _told()
    completed = _told()
    no_show = _told()
    cancelled = _told()
    hours = serializers.DecimalField(
        max_digits=10, decimal_places=1, coerce_to_string=False, allow_null=True
    )


class AppointmentStatsSerializer(serializers.Serializer):
    """series has one entry per entry of `starts`, the first days of the periods; heat one list of
    24 hours per weekday, Monday first.  exact: false for who may see figures only."""

    to = serializers.DateField(source="last")
    by = serializers.CharField()
    exact = serializers.BooleanField()
    starts = serializers.ListField(child=serializers.DateField())
    totals = OutcomeSerializer()
    rates = RatesSerializer()
    satisfaction = SatisfactionSerializer()
    series = OutcomeSerializer(many=True)
    heat = serializers.ListField(child=serializers.ListField(child=_told()))
    types = WorkloadSerializer(many=True)
    counselors = WorkloadSerializer(many=True)
    tags = FunnelStepSerializer(many=True)
    funnel = FunnelStepSerializer(many=True)

    def get_fields(self):
        return {"from": serializers.DateField(source="first")} | super().get_fields()
