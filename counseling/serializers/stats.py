from rest_framework import serializers

from accounts.serializers.stats import (
    FunnelStepSerializer,
    SpanQuery,
    StatsExportBody,
    StatsSerializer,
    share_field,
)
from config.api.serializers import IdField
from counseling.models import Mode, ServiceKind


class AppointmentStatsQuery(SpanQuery):
    """One counselor, kind or mode alone."""

    counselor = IdField(required=False)
    kind = serializers.ChoiceField(ServiceKind.choices, required=False)
    mode = serializers.ChoiceField(Mode.choices, required=False)


class AppointmentStatsExportBody(StatsExportBody, AppointmentStatsQuery):
    """The figures that are wanted; no format: CSV."""


def _told() -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=True)


class OutcomeSerializer(serializers.Serializer):
    """null: too small to be told (invariants P-7)."""

    booked = _told()
    sessions = _told()
    completed = _told()
    no_show = _told()
    cancelled = _told()


class RatesSerializer(serializers.Serializer):
    completion = share_field()
    cancellation = share_field()
    no_show = share_field()


class SatisfactionSerializer(serializers.Serializer):
    """mean: stars, 1 to 5."""

    reviews = _told()
    mean = serializers.DecimalField(
        max_digits=3, decimal_places=2, min_value=1, max_value=5, coerce_to_string=False,
        allow_null=True,
    )  # fmt: skip


class StatsUtilisationSerializer(serializers.Serializer):
    """Of the counselors' time in this span, whatever kind or mode is asked for."""

    open_minutes = _told()
    held_minutes = _told()
    booked_minutes = _told()
    closed_minutes = _told()
    share = share_field()


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


class AppointmentStatsSerializer(StatsSerializer):
    """series has one entry per entry of `starts`, the first days of the periods; heat one list of
    24 hours per weekday, Monday first.  exact: false for who may see figures only."""

    exact = serializers.BooleanField()
    totals = OutcomeSerializer()
    rates = RatesSerializer()
    satisfaction = SatisfactionSerializer()
    utilisation = StatsUtilisationSerializer()
    series = OutcomeSerializer(many=True)
    heat = serializers.ListField(child=serializers.ListField(child=_told()))
    types = WorkloadSerializer(many=True)
    counselors = WorkloadSerializer(many=True)
    tags = FunnelStepSerializer(many=True)
    funnel = FunnelStepSerializer(many=True)
