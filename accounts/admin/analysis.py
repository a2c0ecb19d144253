"""What the pages of figures share: days to choose, the same figures as CSV, who may see them."""

import csv
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from accounts.models import Period
from accounts.serializers.stats import SpanQuery
from accounts.services.user_stats import PERMISSION, may_take_along
from config.admin.charts import OPTIONS
from config.tables import cell


class AnalysisPage:
    """Put before a ModelAdmin: two more addresses, analysis/ and analysis/export/.

    analysis_query: what may be asked for; analysis_file: the beginning of the CSV's name.
    figures(viewer, now, **wanted): the figures; figures_table(stats): rows of the CSV, heads first.
    """

    analysis_title: str
    analysis_template: str
    analysis_file: str
    analysis_query: type[SpanQuery] = SpanQuery
    figures: Callable[..., Any]
    figures_table: Callable[[Any], list[list]]

    def figures_context(self, request, stats, wanted: dict) -> dict:
        """What the template shows."""
        raise NotImplementedError

    def get_urls(self):
        wrap, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("analysis/", wrap(self.analysis), name=f"{name}_analysis"),
            path("analysis/export/", wrap(self.export_analysis), name=f"{name}_export_analysis"),
            *super().get_urls(),
        ]

    def analysis(self, request):
        query, wanted, stats = self._asked(request, request.GET)
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        context = self.admin_site.each_context(request) | {
            "title": self.analysis_title,
            "query": query,
            "stats": stats,
            "wanted": wanted,
            "periods": Period.choices,
            "today": timezone.localdate(),
            "options": OPTIONS,
            "export_page": f"admin:{name}_export_analysis",
            "may_export": may_take_along(request.user),
        }
        context |= self.figures_context(request, stats, wanted)
        return TemplateResponse(request, self.analysis_template, context)

    def export_analysis(self, request):
        """The same figures as CSV; the operation log has who took them."""
        if request.method != "POST" or not may_take_along(request.user):
            raise PermissionDenied
        _, _, stats = self._asked(request, request.POST)
        response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        name = f"{self.analysis_file}-{stats.first}-{stats.last}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        rows = self.figures_table(stats)
        csv.writer(response).writerows([[cell(value) for value in row] for row in rows])
        return response

    def _asked(self, request, source) -> tuple[SpanQuery, dict, Any]:
        """What was asked for; the last 30 days where that makes no sense."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        names = self.analysis_query().fields
        query = self.analysis_query(data={n: source[n] for n in names if source.get(n)})
        wrong = not query.is_valid()
        if wrong:
            fallback = self.analysis_query(data={})
            fallback.is_valid(raise_exception=True)
        wanted = dict((fallback if wrong else query).validated_data)
        return query, wanted, self.figures(viewer=request.user, now=timezone.now(), **wanted)
