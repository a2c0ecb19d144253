"""Named filters, and ?ordering= that always ends in the primary key: pages do not shuffle."""

from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import filters
from rest_framework.exceptions import ValidationError


class FilterBackend(DjangoFilterBackend):
    """Builds the form of a filter set only for a request that filters by something."""

    def filter_queryset(self, request, queryset, view):
        filterset_class = self.get_filterset_class(view, queryset)
        if filterset_class and not request.query_params.keys() & filterset_class.base_filters:
            return queryset
        return super().filter_queryset(request, queryset, view)


class OrderingFilter(filters.OrderingFilter):
    """By the view's ordering_fields; any other name is refused, as it would order by nothing."""

    ordering_fields = ()

    def remove_invalid_fields(self, queryset, fields, view, request):
        known = getattr(view, "ordering_fields", self.ordering_fields)
        if known and any(field.removeprefix("-") not in known for field in fields):
            names = ", ".join(known)
            raise ValidationError({self.ordering_param: [_("只能是 %(names)s") % {"names": names}]})
        return super().remove_invalid_fields(queryset, fields, view, request)

    def get_ordering(self, request, queryset, view):
        ordering = super().get_ordering(request, queryset, view)
        if ordering and not {"pk", "-pk", "id", "-id"} & set(ordering):
            return [*ordering, "-pk"]
        return ordering

    def get_schema_operation_parameters(self, view):
        known = getattr(view, "ordering_fields", self.ordering_fields)
        if not known:
            return []
        names = [sign + name for name in known for sign in ("", "-")]
        return [
            {
                "name": self.ordering_param,
                "in": "query",
                "required": False,
                "description": "排序，- 表示倒序，可用逗号连接多个",
                "style": "form",
                "explode": False,
                "schema": {"type": "array", "items": {"type": "string", "enum": names}},
            }
        ]
