from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.serializers import IdField
from content.models import Category, DiseaseTag


class CategorySerializer(serializers.Serializer):
    """One category, from a row of values()."""

    class Meta:
        model = Category

    COLUMNS = ("id", "parent_id", "name", "slug", "icon", "sort_order", "is_active")

    id = serializers.IntegerField()
    parent_id = IdField(allow_null=True)
    name = serializers.CharField()
    slug = serializers.CharField()
    icon = serializers.CharField()
    sort_order = serializers.IntegerField()
    is_active = serializers.BooleanField()

    def to_representation(self, row):
        return row if isinstance(row, dict) else {name: getattr(row, name) for name in self.COLUMNS}


class CategoryBodySerializer(serializers.Serializer):
    """The body of POST and PATCH /category."""

    parent_id = IdField(allow_null=True, required=False)
    name = serializers.CharField(max_length=32)
    slug = serializers.SlugField(max_length=32)
    icon = serializers.CharField(max_length=64, allow_blank=True, required=False)
    sort_order = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False)
    is_active = serializers.BooleanField(required=False)


class DiseaseTagSerializer(serializers.Serializer):
    """One tag, from a row of values(); apps above add what they know (counselor_count)."""

    class Meta:
        model = DiseaseTag

    COLUMNS = ("id", "name", "description", "sort_order", "is_active")

    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    sort_order = serializers.IntegerField()
    is_active = serializers.BooleanField()

    def to_representation(self, row):
        return row if isinstance(row, dict) else {name: getattr(row, name) for name in self.COLUMNS}


class DiseaseTagBodySerializer(serializers.Serializer):
    """The body of POST and PATCH /disease-tags."""

    name = serializers.CharField(max_length=32)
    description = serializers.CharField(max_length=200, allow_blank=True, required=False)
    sort_order = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False)
    is_active = serializers.BooleanField(required=False)


class MergeSerializer(serializers.Serializer):
    into = IdField(help_text=_("保留的标签 ID"))
