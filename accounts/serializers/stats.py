from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import ExportFormat, Period
from accounts.services.user_stats import LONGEST

FORMATS = [(ExportFormat.CSV, "CSV"), (ExportFormat.XLSX, "XLSX")]


class SpanQuery(serializers.Serializer):
    """From one business day to another, both included; without any the last 30 days.

    What a kind of figures may be narrowed by are further fields of its own query.
    """

    by = serializers.ChoiceField(choices=Period.choices, default=Period.DAY)
    to = serializers.DateField(required=False)

    def get_fields(self):
        """`from` is a word of Python's."""
        return super().get_fields() | {"from": serializers.DateField(required=False)}

    def validate(self, data):
        today = timezone.localdate()
        last = data.get("to", today)
        first = data.get("from", last - timedelta(days=29))
        if last > today:
            raise serializers.ValidationError({"to": _("不能晚于今天")})
        if first > last:
            raise serializers.ValidationError({"from": _("不能晚于结束日期")})
        if (last - first).days >= LONGEST[data["by"]]:
            raise serializers.ValidationError({"from": _("时间范围过长")})
        narrowed = {name: data[name] for name in data.keys() - {"from", "to"}}
        return narrowed | {"first": first, "last": last}


class StatsExportBody(SpanQuery):
    """The days of the figures; no format: CSV."""

    format = serializers.ChoiceField(choices=FORMATS, required=False)

    def validate(self, data):
        format = data.pop("format", "")
        wanted = super().validate(data)
        days = {"from": wanted.pop("first"), "to": wanted.pop("last"), "by": wanted.pop("by")}
        return {"filters": days | wanted, "format": format}


def share_field() -> serializers.DecimalField:
    """A part of a whole, 0 to 1; null where there is no whole, or it is too small to be told."""
    return serializers.DecimalField(
        max_digits=5,
        decimal_places=4,
        min_value=0,
        max_value=1,
        coerce_to_string=False,
        allow_null=True,
    )


def _shares() -> serializers.ListField:
    return serializers.ListField(child=share_field())


class FunnelStepSerializer(serializers.Serializer):
    """number: null where it is too small to be told (invariants P-7)."""

    name = serializers.CharField()
    title = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)


def _series() -> serializers.ListField:
    return serializers.ListField(child=serializers.IntegerField())


class RetentionSerializer(serializers.Serializer):
    """Shares of each period's newcomers who were active that many days later; null: not over."""

    d1 = _shares()
    d7 = _shares()
    d30 = _shares()


class StatsSerializer(serializers.Serializer):
    """The head of all figures: `starts` are the first days of the periods."""

    to = serializers.DateField(source="last")
    by = serializers.CharField()
    starts = serializers.ListField(child=serializers.DateField())

    def get_fields(self):
        return {"from": serializers.DateField(source="first")} | super().get_fields()


class UserStatsSerializer(StatsSerializer):
    """The lists have one number per entry of `starts`, the first days of the periods."""

    registered = _series()
    active = _series()
    logins = _series()
    logins_by_method = serializers.DictField(child=_series())
    logins_by_platform = serializers.DictField(child=_series())
    retention = serializers.SerializerMethodField()
    funnel = FunnelStepSerializer(many=True)

    def get_retention(self, stats) -> RetentionSerializer:
        return {f"d{after}": shares for after, shares in stats.retention.items()}
