from functools import lru_cache

from django.urls import URLResolver
from django.urls.resolvers import RoutePattern
from rest_framework.routers import SimpleRouter


class ApiRouter(SimpleRouter):
    """Routes without a trailing slash (config.middleware takes the other form too)."""

    def __init__(self):
        super().__init__(trailing_slash=False)


class RememberingResolver(URLResolver):
    """Finds each path's view once: Django tries every route in turn on every request."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.resolve = lru_cache(maxsize=2000)(self._find)

    def _find(self, path):
        match = super().resolve(path)
        match.tried = None  # what did not fit, for the page of errors while developing
        return match


def api_path(route: str, patterns: list, namespace: str) -> RememberingResolver:
    """Like path(route, include((patterns, "api"), namespace=...))."""
    return RememberingResolver(
        RoutePattern(route, is_endpoint=False), patterns, app_name="api", namespace=namespace
    )
