from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.response import Response

from config.api.caching import etag
from config.api.permissions import PUBLIC
from config.api.viewsets import ApiViewSet
from content import errors
from content.models import DiseaseTag
from content.serializers import DiseaseTagBodySerializer, DiseaseTagSerializer, MergeSerializer
from content.services.tags import delete_tag, merge_tags, save_tag


class DiseaseTagViewSet(mixins.RetrieveModelMixin, ApiViewSet):
    """/disease-tags: everybody reads what is switched on; staff of content see and write all."""

    serializer_class = DiseaseTagSerializer
    scopes = dict.fromkeys(("list", "retrieve"), "tag:read")
    permissions = {
        "list": PUBLIC,
        "retrieve": PUBLIC,
        "create": "content.add_diseasetag",
        "update": "content.change_diseasetag",
        "partial_update": "content.change_diseasetag",
        "destroy": "content.delete_diseasetag",
        "merge": "content.delete_diseasetag",
    }
    summaries = {"merge": "合并到另一标签"}
    refusals = {
        "create": (errors.TagNameTaken,),
        "update": (errors.TagNameTaken,),
        "partial_update": (errors.TagNameTaken,),
        "destroy": (errors.TaxonomyInUse,),
        "merge": (errors.CannotMergeIntoItself, errors.TagUnknown),
    }

    def get_queryset(self):
        rows = DiseaseTag.objects.all()
        user = self.request.user
        if not (user.is_authenticated and user.has_perm("content.view_diseasetag")):
            rows = rows.active()
        return rows.order_by("sort_order", "pk").values(*DiseaseTagSerializer.COLUMNS)

    @etag
    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()))

    @etag
    def retrieve(self, request, pk):
        return super().retrieve(request, pk)

    @extend_schema(request=DiseaseTagBodySerializer, responses={201: DiseaseTagSerializer})
    def create(self, request):
        tag = save_tag(**self.body(DiseaseTagBodySerializer))
        return Response(DiseaseTagSerializer(tag).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DiseaseTagBodySerializer, responses=DiseaseTagSerializer)
    def update(self, request, pk, partial=False):
        body = self.body(DiseaseTagBodySerializer, partial=partial)
        return Response(DiseaseTagSerializer(save_tag(int(pk), **body)).data)

    @extend_schema(request=DiseaseTagBodySerializer, responses=DiseaseTagSerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        delete_tag(int(pk))
        return Response({})

    @extend_schema(request=MergeSerializer, responses=DiseaseTagSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request, pk):
        """Let another tag stand wherever this one stood; this one goes away."""
        tag = merge_tags(int(pk), into_id=self.body(MergeSerializer)["into"])
        return Response(DiseaseTagSerializer(tag).data)
