"""Every app's routes; /api/v1 and its alias /api, the back office, health, schema."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView

from config import health
from config.admin.refusals import in_back_office, refusal_page
from config.api.exceptions import plain_error
from config.api.routers import api_path
from config.api.schema_view import SchemaView

API_ROUTES: list = [
    path("health", health.HealthViewSet.as_view({"get": "list"}), name="health"),
    path("schema", SchemaView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url="/api/schema"), name="docs"),
    path("redoc", SpectacularRedocView.as_view(url="/api/schema"), name="redoc"),
    path("", include("accounts.urls")),
    path("", include("content.urls")),
    path("", include("media.urls")),
    path("", include("commerce.urls")),
    path("", include("counseling.urls")),
    path("", include("farm.urls")),
]


@csrf_exempt
def unknown_path(request):
    return plain_error(request, 404)


urlpatterns = [
    api_path("api/v1/", API_ROUTES, "v1"),
    api_path("api/", API_ROUTES, "current"),
    re_path(r"^api/", unknown_path),  # JSON in development too, where Django shows its own page
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("healthz", health.live),
    path("readyz", health.ready),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("favicon.ico", RedirectView.as_view(url=static("back_office/favicon.svg"))),
]


def _refuse(request, status: int):
    return (refusal_page if in_back_office(request) else plain_error)(request, status)


def handler400(request, exception=None):
    return _refuse(request, 400)


def handler403(request, exception=None):
    return _refuse(request, 403)


def handler404(request, exception=None):
    return _refuse(request, 404)


def handler500(request):
    return _refuse(request, 500)
