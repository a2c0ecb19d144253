from rest_framework import serializers

from accounts.serializers.stats import SpanQuery, StatsExportBody, StatsSerializer, share_field
from commerce.serializers.stats import OrderPartSerializer, yuan_field
from config.api.serializers import IdField


class FarmStatsQuery(SpanQuery):
    """merchant: one farm alone."""

    merchant = IdField(required=False)


class FarmStatsExportBody(StatsExportBody, FarmStatsQuery):
    """The figures that are wanted; no format: CSV."""


class FarmTotalsSerializer(serializers.Serializer):
    """live: claims at the end of these days.  over: terms whose time ran out, renewed: of them.
    Amounts in yuan.  occupancy: claimed_days of animal_days."""

    begun = serializers.IntegerField()
    live = serializers.IntegerField()
    ended = serializers.IntegerField()
    renewals = serializers.IntegerField()
    over = serializers.IntegerField()
    renewed = serializers.IntegerField()
    renewal_rate = share_field()
    income = yuan_field()
    refunded = yuan_field()
    net = yuan_field()
    claimed_days = serializers.IntegerField()
    animal_days = serializers.IntegerField()
    occupancy = share_field()
    updates = serializers.IntegerField()


class AnimalStateSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    animals = serializers.IntegerField()


class ClaimEndSerializer(serializers.Serializer):
    """name "": claims that have not ended."""

    name = serializers.CharField()
    title = serializers.CharField()
    claims = serializers.IntegerField()
    refunded = yuan_field()


class FarmShareSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    begun = serializers.IntegerField()
    live = serializers.IntegerField()
    income = yuan_field()
    refunded = yuan_field()


class FarmStatsSerializer(StatsSerializer):
    """series has one entry per entry of `starts`, the first days of the periods.  animals, overdue
    (claimed ones without news for too long): as they are now."""

    totals = FarmTotalsSerializer()
    series = FarmTotalsSerializer(many=True)
    animals = AnimalStateSerializer(many=True)
    overdue = serializers.IntegerField()
    ends = ClaimEndSerializer(many=True)
    kinds = OrderPartSerializer(many=True)
    farms = FarmShareSerializer(many=True)
