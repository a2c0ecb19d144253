"""Serves the OpenAPI document; apart from schema.py, which drf-spectacular's views import."""

from functools import cache

from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView
from rest_framework.response import Response


@cache
def built() -> dict:
    """The whole document; it changes with the code only, so once per process."""
    with override("zh-hans"):
        return SchemaGenerator().get_schema(public=True)


class SchemaView(SpectacularAPIView):
    """/api/schema: JSON, or YAML with ?format=yaml."""

    renderer_classes = [
        OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2,
    ]  # fmt: skip

    def _get_schema_response(self, request):
        return Response(built())
