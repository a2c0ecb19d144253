from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    """The plumbing: system checks, templates and catalogues; no models."""

    name = "config"
    label = "config"
    verbose_name = "平台"

    def ready(self):
        from config import celery, checks, logs  # noqa: F401  (tasks find their broker through it)
        from config.admin import schedules  # noqa: F401  (after the page it replaces)

        logs.apply(lambda name: settings.CONSTANCE_CONFIG[name][0])  # until the pulse knows better


class BackOfficeConfig(AdminConfig):
    default_site = "config.admin.BackOfficeSite"
