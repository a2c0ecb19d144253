"""?page=1&size=10 -> {list, pagination: {page, size, total}}."""

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

MAX_PAGE = 1_000_000


class PageSizePagination(BasePagination):
    """Pages from 1; a page past the end is an empty list; anything but a number is refused."""

    default_size = 10
    max_size = 100

    def paginate_queryset(self, queryset, request, view=None):
        """queryset: an ordered one, or a list."""
        is_list = isinstance(queryset, list)
        if not is_list and not queryset.ordered:
            raise RuntimeError(f"{type(view).__name__} pages through an unordered queryset")
        self.page = _number(request, "page", 1, MAX_PAGE)
        self.size = _number(request, "size", self.default_size, self.max_size)
        self.total = len(queryset) if is_list else queryset.count()
        start = (self.page - 1) * self.size
        return list(queryset[start : start + self.size]) if start < self.total else []

    def get_paginated_response(self, data):
        return Response(
            {
                "list": data,
                "pagination": {"page": self.page, "size": self.size, "total": self.total},
            }
        )

    def get_paginated_response_schema(self, schema):
        number = {"type": "integer", "example": 1}
        return {
            "type": "object",
            "required": ["list", "pagination"],
            "properties": {
                "list": schema,
                "pagination": {
                    "type": "object",
                    "required": ["page", "size", "total"],
                    "properties": {"page": number, "size": number, "total": number},
                },
            },
        }

    def get_schema_operation_parameters(self, view):
        return [
            _parameter("page", "页码，从 1 开始", 1, MAX_PAGE),
            _parameter("size", "每页条数", self.default_size, self.max_size),
        ]


def _number(request, name: str, default: int, at_most: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= at_most):
        raise ValidationError({name: [_("必须是 1 到 %(most)s 的整数") % {"most": at_most}]})
    return int(text)


def _parameter(name, description, default, at_most):
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "integer", "minimum": 1, "maximum": at_most, "default": default},
    }
