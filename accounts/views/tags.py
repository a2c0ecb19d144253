"""Tags of staff's on people."""

from django.db.models import Count
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.response import Response

from accounts import errors
from accounts.filters import UserTagFilter
from accounts.models import UserTag
from accounts.serializers.tags import (
    MergeTagBody,
    TaggedSerializer,
    TagPeopleBody,
    UserTagBody,
    UserTagSerializer,
)
from accounts.services.tags import (
    change_user_tags,
    delete_user_tag,
    merge_user_tags,
    save_user_tag,
)
from config.api.viewsets import ApiViewSet
from config.errors import NotFound


class UserTagViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """/user-tags"""

    serializer_class = UserTagSerializer
    filterset_class = UserTagFilter
    ordering_fields = ["id", "name", "people"]
    log_target = "user_tag"
    summaries = {
        "list": "用户标签列表",
        "retrieve": "用户标签",
        "create": "新建用户标签",
        "update": "修改用户标签",
        "partial_update": "修改用户标签（部分字段）",
        "destroy": "删除用户标签",
        "merge": "合并到另一标签",
        "people": "批量打标签、去标签",
    }
    permissions = {
        "list": "accounts.view_usertag",
        "retrieve": "accounts.view_usertag",
        "create": "accounts.add_usertag",
        "update": "accounts.change_usertag",
        "partial_update": "accounts.change_usertag",
        "destroy": "accounts.delete_usertag",
        "merge": "accounts.delete_usertag",
        "people": "accounts.change_user",
    }
    refusals = {
        "create": (errors.UserTagNameTaken,),
        "update": (errors.UserTagNameTaken,),
        "partial_update": (errors.UserTagNameTaken,),
        "destroy": (errors.UserTagInUse,),
        "merge": (errors.UserTagUnknown,),
        "people": (errors.UserTagUnknown, errors.CannotManage, NotFound),
    }

    def get_queryset(self):
        return UserTag.objects.annotate(people=Count("taggings")).order_by("name")

    @extend_schema(request=UserTagBody, responses={201: UserTagSerializer})
    def create(self, request):
        return self._answer(save_user_tag(**self.body(UserTagBody)), status=201)

    @extend_schema(request=UserTagBody, responses=UserTagSerializer)
    def update(self, request, pk, partial=False):
        return self._answer(save_user_tag(int(pk), **self.body(UserTagBody, partial=partial)))

    @extend_schema(request=UserTagBody, responses=UserTagSerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        """Only one nobody has."""
        delete_user_tag(int(pk))
        return Response({})

    @extend_schema(request=MergeTagBody, responses=UserTagSerializer)
    def merge(self, request, pk):
        """Whoever has this tag has the other one then; this one goes away."""
        return self._answer(merge_user_tags(int(pk), into_id=self.body(MergeTagBody)["into"]))

    @extend_schema(request=TagPeopleBody, responses=TaggedSerializer)
    def people(self, request):
        """Puts tags on many people and takes others off: all of them, or nobody."""
        body = self.body(TagPeopleBody)
        done = change_user_tags(body.pop("users"), actor=request.user, **body)
        return Response({"users": done})

    def _answer(self, tag: UserTag, status: int = 200) -> Response:
        return Response(UserTagSerializer(self.get_queryset().get(pk=tag.pk)).data, status=status)
