"""The tuned base of every endpoint: nothing is built per request that can be built once."""

from functools import cache
from threading import local

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from config.errors import DomainError

_THREAD = local()


@cache
def _shared(cls):
    """One instance per class: authenticators, permissions, parsers and renderers keep no state."""
    return cls()


def _checker(serializer_class, partial: bool):
    """Building a serializer copies all its fields: so once per thread."""
    made = _THREAD.__dict__
    key = (serializer_class, partial)
    if key not in made:
        made[key] = serializer_class(partial=partial)
    return made[key]


class OneFormat(BaseContentNegotiation):
    """The parser by the type that is sent; the renderer is always the first."""

    def select_parser(self, request, parsers):
        sent = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


class ApiViewSet(GenericViewSet):
    """Set `permissions = {action: PUBLIC | LOGIN | "app.codename"}`; an unnamed action is closed.

    step_up: the actions for which a login must have shown of late that it is its owner.
    scopes: per action, what a third party's key must be allowed; others are closed to keys.
    write_serializer_class: the body of create and update, when it differs from what is answered.
    throttle_kind: a key of settings.THROTTLE_RATES, when read/write by method does not fit.
    refusals, summaries: per action, what it refuses with and its Chinese title, for the schema.
    """

    permissions: dict[str, str] = {}
    step_up: frozenset[str] = frozenset()
    scopes: dict[str, str] = {}
    refusals: dict[str, tuple[type[DomainError], ...]] = {}
    summaries: dict[str, str] = {}
    throttle_kind: str | None = None
    lookup_value_regex = "[0-9]{1,18}"

    def get_authenticators(self):
        return [_shared(cls) for cls in self.authentication_classes]

    def get_permissions(self):
        return [_shared(cls) for cls in self.permission_classes]

    def get_parsers(self):
        return [_shared(cls) for cls in self.parser_classes]

    def get_renderers(self):
        return [_shared(cls) for cls in self.renderer_classes]

    def get_content_negotiator(self):
        return _shared(OneFormat)

    def get_throttles(self):
        return [_shared(cls) for cls in self.throttle_classes]

    def perform_content_negotiation(self, request, force=False):
        renderer = _shared(self.renderer_classes[0])
        return renderer, renderer.media_type

    @property
    def default_response_headers(self):
        """Allow, with the refusal of a method that is not; nothing varies by Accept."""
        return {} if getattr(self, "action", None) else {"Allow": ", ".join(self.allowed_methods)}

    def initial(self, request, *args, **kwargs):
        """DRF's own without suffixes and versions, which we have not."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(
            request
        )
        request.version = request.versioning_scheme = None
        self.perform_authentication(request)
        self.check_permissions(request)
        self.check_throttles(request)

    def body(self, serializer_class, *, partial: bool = False) -> dict:
        """The request's body, checked by `serializer_class`; ValidationError (400) otherwise.

        Shape and format only: such a serializer knows neither request nor row, and one of it
        serves all requests of a thread.
        """
        return _checker(serializer_class, partial).run_validation(self.request.data)

    def page(self, queryset, serializer_class=None) -> Response:
        """One page of `queryset` as {list, pagination}."""
        rows = self.paginate_queryset(queryset)
        serializer_class = serializer_class or self.get_serializer_class()
        data = serializer_class(rows, many=True, context=self.get_serializer_context()).data
        return self.get_paginated_response(data)
