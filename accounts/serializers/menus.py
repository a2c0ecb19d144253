from rest_framework import serializers

from accounts.models import Menu
from config.api.serializers import IdField


class MenuSerializer(serializers.Serializer):
    """children: the same again."""

    id = serializers.IntegerField(read_only=True)
    kind = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    icon = serializers.CharField(read_only=True)
    link = serializers.CharField(read_only=True)
    permission = serializers.CharField(read_only=True)
    children = serializers.ListField(child=serializers.DictField(), read_only=True)

    def to_representation(self, node):
        shown = {name: getattr(node, name) for name in self.fields if name != "children"}
        return shown | {"children": [self.to_representation(child) for child in node.children]}


class MenuEntrySerializer(serializers.Serializer):
    """An entry as those who edit the menu see it.  children: the same again, hidden ones too."""

    id = serializers.IntegerField(read_only=True)
    parent_id = IdField(read_only=True, allow_null=True)
    kind = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    icon = serializers.CharField(read_only=True)
    link = serializers.CharField(read_only=True)
    permission = serializers.CharField(read_only=True)
    sort_order = serializers.IntegerField(read_only=True)
    visible = serializers.BooleanField(read_only=True)
    children = serializers.ListField(child=serializers.DictField(), read_only=True)

    def to_representation(self, row):
        """From a row of services.menus.with_below()."""
        shown = {name: getattr(row, name) for name in self.fields if name != "children"}
        return shown | {"children": [self.to_representation(child) for child in row.below]}


class MenuBody(serializers.Serializer):
    """link: a page of the back office (admin:…), a path or a web address.  permission:
    app.codename, or nothing for everybody."""

    parent_id = IdField(required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=Menu.Kind.choices, required=False)
    title = serializers.CharField(max_length=32)
    icon = serializers.CharField(max_length=32, required=False, allow_blank=True)
    link = serializers.CharField(max_length=200, required=False, allow_blank=True)
    permission = serializers.CharField(max_length=100, required=False, allow_blank=True)
    sort_order = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False)
    visible = serializers.BooleanField(required=False)
