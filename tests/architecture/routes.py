"""The running URLconf as a flat list, nothing skipped: every view is of a kind we know."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver

from config.api.viewsets import ApiViewSet

API, PAGE, PLAIN, OFFICE = "api", "page", "plain", "office"

# Addresses that are no viewset and no page of the back office: what they are for.
CALLBACKS = (
    "pay/callback",
    "pay/callback/wechat",
    "pay/callback/alipay",
    "pay/callback/unionpay",
    "pay/return",
    "refund/callback/unionpay",
    "refund/callback/wechat",
    "wx/push",
    "sms/report/aliyun",
    "sms/report/tencent",
    "notifications/unsubscribe",
)
PLAIN_PATHS = {
    "/health/live": "probe",
    "/health/ready": "probe",
    "/healthz": "probe",
    "/readyz": "probe",
    "/admin": "redirect",
    "/favicon.ico": "redirect",
    "/api/": "404 for the rest",
} | {f"{prefix}{path}": "signed" for prefix in ("/api/v1/", "/api/") for path in CALLBACKS}
# Documentation pages of drf-spectacular, public by settings.
DOCUMENTS = {"SchemaView", "SpectacularSwaggerView", "SpectacularRedocView"}


class UnknownView(Exception):
    """A route that no rule covers."""


@dataclass(frozen=True)
class Route:
    """One address and one method of it.  action: of a viewset, else ""."""

    path: str
    method: str
    kind: str
    callback: Callable
    action: str = ""
    name: str = ""

    @property
    def viewset(self) -> type[ApiViewSet]:
        return self.callback.cls

    def __str__(self):
        what = f" {self.viewset.__name__}.{self.action}" if self.kind == API else ""
        return f"{self.method} {self.path}{what}"


def walk(patterns=None, prefix: str = "") -> Iterator[Route]:
    """Every route below `patterns`; UnknownView names the first one nobody has thought of."""
    if patterns is None:
        patterns = get_resolver().url_patterns
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, path)
        elif isinstance(entry, URLPattern):
            yield from _routes_of(entry, readable(path))
        else:
            raise UnknownView(f"{path}: {type(entry).__name__}")


def readable(path: str) -> str:
    """/api/v1/order/<pk>/pay out of what Django's patterns are written in."""
    text = simplify_regex(path.replace("\\Z", ""))
    for converter in ("int", "str", "slug", "path", "uuid"):
        text = text.replace(f"<{converter}:", "<")
    return text.replace("^", "")


def _routes_of(entry: URLPattern, path: str) -> Iterator[Route]:
    view = entry.callback
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if cls is not None and issubclass(cls, ApiViewSet):
        for method, action in view.actions.items():
            if method == "head":  # the framework adds it beside every get
                continue
            yield Route(path, method.upper(), API, view, action, entry.name or "")
    elif cls is not None and cls.__name__ in DOCUMENTS:
        yield Route(path, "GET", PAGE, view)
    elif path.startswith("/admin/"):
        yield Route(path, "GET", OFFICE, view, name=entry.name or "")
    elif path in PLAIN_PATHS:
        yield Route(path, "GET", PLAIN, view)
    else:
        raise UnknownView(f"{path}: {view}")


def api_routes() -> list[Route]:
    return [route for route in walk() if route.kind == API]
