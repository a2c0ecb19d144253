from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.response import Response

from config.api.caching import etag
from config.api.permissions import PUBLIC
from config.api.viewsets import ApiViewSet
from content import errors
from content.models import Category
from content.serializers import CategoryBodySerializer, CategorySerializer
from content.services.categories import delete_category, save_category

_TREE = OpenApiParameter("tree", bool, description="嵌套返回整棵树，不分页")
_WRITING = (errors.CategoryUnknown, errors.CategoryCycle, errors.CategoryTooDeep, errors.SlugTaken)


class CategoryViewSet(mixins.RetrieveModelMixin, ApiViewSet):
    """/category: everybody reads what is switched on; staff of content see and write all."""

    serializer_class = CategorySerializer
    filterset_fields = ["parent"]
    scopes = dict.fromkeys(("list", "retrieve"), "category:read")
    permissions = {
        "list": PUBLIC,
        "retrieve": PUBLIC,
        "create": "content.add_category",
        "update": "content.change_category",
        "partial_update": "content.change_category",
        "destroy": "content.delete_category",
    }
    refusals = {
        "create": _WRITING,
        "update": _WRITING,
        "partial_update": _WRITING,
        "destroy": (errors.CategoryHasChildren, errors.TaxonomyInUse),
    }

    def get_queryset(self):
        rows = Category.objects.values(*CategorySerializer.COLUMNS)
        if self.action in {"list", "retrieve"} and not _sees_all(self.request):
            rows = rows.active()
        return rows

    @extend_schema(parameters=[_TREE])
    @etag
    def list(self, request):
        if request.query_params.get("tree", "").lower() in {"1", "true"}:
            roots = nested(self.get_queryset())
            whole = {"page": 1, "size": len(roots), "total": len(roots)}
            return Response({"list": roots, "pagination": whole})
        return self.page(self.filter_queryset(self.get_queryset()))

    @etag
    def retrieve(self, request, pk):
        return super().retrieve(request, pk)

    @extend_schema(request=CategoryBodySerializer, responses={201: CategorySerializer})
    def create(self, request):
        category = save_category(**self.body(CategoryBodySerializer))
        return Response(CategorySerializer(category).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CategoryBodySerializer, responses=CategorySerializer)
    def update(self, request, pk, partial=False):
        body = self.body(CategoryBodySerializer, partial=partial)
        return Response(CategorySerializer(save_category(int(pk), **body)).data)

    @extend_schema(request=CategoryBodySerializer, responses=CategorySerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        delete_category(int(pk))
        return Response({})


def nested(rows) -> list[dict]:
    """Rows as a tree in their order, each with `children`; what hangs on a hidden row is hidden."""
    nodes = {row["id"]: row | {"children": []} for row in rows}
    roots = []
    for node in nodes.values():
        if node["parent_id"] is None:
            roots.append(node)
        elif node["parent_id"] in nodes:
            nodes[node["parent_id"]]["children"].append(node)
    return roots


def _sees_all(request) -> bool:
    return request.user.is_authenticated and request.user.has_perm("content.view_category")
