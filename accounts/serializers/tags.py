from rest_framework import serializers

from accounts.models import TagColour, UserTag
from accounts.services.tags import MAX_PEOPLE
from config.api.serializers import ApiModelSerializer, IdField


class IdsField(serializers.ListField):
    child = IdField()


class UserTagSerializer(ApiModelSerializer):
    """users: how many people have it."""

    users = serializers.IntegerField(source="people")

    class Meta:
        model = UserTag
        fields = ["id", "name", "colour", "description", "users", "created_at"]


class UserTagBody(serializers.Serializer):
    name = serializers.CharField(max_length=20)
    colour = serializers.ChoiceField(choices=TagColour.choices, required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)


class MergeTagBody(serializers.Serializer):
    into = IdField(help_text="保留的标签 ID")


class UserTagsBody(serializers.Serializer):
    """The ids of all tags somebody is to have."""

    tags = IdsField(max_length=50)


class TagPeopleBody(serializers.Serializer):
    """users: at most 1000 at a time."""

    users = IdsField(min_length=1, max_length=MAX_PEOPLE)
    add = IdsField(required=False, default=list, max_length=20)
    remove = IdsField(required=False, default=list, max_length=20)


class TaggedSerializer(serializers.Serializer):
    """users: how many people that was."""

    users = serializers.IntegerField()
