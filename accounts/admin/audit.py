import csv
import json

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from accounts.admin.log_files import log_files_view
from accounts.models import OperationLog, StatusChange
from accounts.services.audit_stats import Share, analyse
from config.admin import BackOfficeAdmin, ReadOnly, badge, model_name
from config.admin.charts import OPTIONS, bar_data, chart_data
from config.dashboard import Line

SPANS = (7, 30, 90)
EXPORT_LIMIT = 10_000


class ModuleFilter(SimpleListFilter):
    """The apps there are: asking the log itself would read all of it."""

    title, parameter_name = "模块", "module"

    def lookups(self, request, model_admin):
        return [
            (config.label, config.verbose_name)
            for config in apps.get_app_configs()
            if any(True for _ in config.get_models())
        ] + [("back_office", "后台登录")]

    def queryset(self, request, queryset):
        return queryset.filter(module=self.value()) if self.value() else queryset


@admin.register(OperationLog)
class OperationLogAdmin(ReadOnly, BackOfficeAdmin):
    list_display = [
        "created_at", "admin_name", "operation", "target_type", "target_id", "status",
        "error_message", "ip_address", "execution_time",
    ]  # fmt: skip
    list_filter = [ModuleFilter, "status", ("admin", AutocompleteSelectFilter), "created_at"]
    search_fields = [
        "operation__startswith", "admin_name__startswith", "target_id__exact", "request_id__exact",
        "ip_address__exact",
    ]  # fmt: skip
    search_help_text = "操作或操作人的开头，完整的对象 ID、请求标识或 IP 地址"
    fields = [
        "created_at", "admin_name", "module", "operation", "target_type", "target_id", "status",
        "error_message", "request_method", "request_url", "params", "differences", "ip_address",
        "user_agent", "execution_time", "request_id",
    ]  # fmt: skip
    readonly_fields = ["params", "differences"]
    actions = ["export_csv"]
    action_permissions = {"export": "accounts.export_data"}
    step_up = frozenset({"export_csv"})
    list_before_template = "admin/operation_log_links.html"

    @display(description="请求参数")
    def params(self, log):
        return json.dumps(log.request_params, ensure_ascii=False, indent=1)

    @display(description="变更内容")
    def differences(self, log):
        lines = [
            (f"{change['object']} {name}：{_change(values)}",)
            for change in log.changes
            for name, values in change["fields"].items()
        ]
        return format_html_join(mark_safe("<br>"), "{}", lines)

    @action(description="导出选中的日志（CSV）", permissions=["export"])
    def export_csv(self, request, queryset):
        """The middleware logs it like every other action."""
        rows = list(queryset.order_by("-pk")[: EXPORT_LIMIT + 1])
        if len(rows) > EXPORT_LIMIT:
            self.message_user(request, f"一次最多导出 {EXPORT_LIMIT} 条", messages.ERROR)
            return None
        response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="operation-log.csv"'
        writer = csv.writer(response)
        writer.writerow(OperationLog._meta.get_field(name).verbose_name for name in EXPORTED)
        writer.writerows([_cell(getattr(row, name)) for name in EXPORTED] for row in rows)
        return response

    def has_export_permission(self, request):
        return request.user.has_perm("accounts.export_data")

    def get_urls(self):
        pages = {"analysis": self.analysis, "files": self.files}
        return [
            *(
                path(f"{n}/", self.admin_site.admin_view(page), name=f"accounts_operationlog_{n}")
                for n, page in pages.items()
            ),
            *super().get_urls(),
        ]

    def files(self, request):
        may_look = self.has_view_permission(request)
        return log_files_view(request, site=self.admin_site, may_look=may_look)

    def analysis(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied
        wanted = request.GET.get("days", "")
        days = next((span for span in SPANS if str(span) == wanted), 30)
        found = analyse(now=timezone.now(), days=days, viewer=request.user)
        lines = [Line("", "全部", found.days), Line("", "失败", found.failed_days)]
        modules = [_module(share.name) for share in found.modules]
        context = self.admin_site.each_context(request) | {
            "title": "操作分析",
            "days": days,
            "spans": SPANS,
            "options": OPTIONS,
            "trend": chart_data(lines),
            "charts": [
                _bars("按操作人", [s.name for s in found.people], found.people),
                _bars("按模块", modules, found.modules),
                {
                    "title": "按时段（北京时间）",
                    "data": bar_data("操作", [f"{h} 时" for h in range(24)], found.hours),
                },
            ],
            "tables": [
                {"title": "操作人", "rows": _table("操作人", found.people)},
                {"title": "最多的操作", "rows": _table("操作", found.operations)},
            ],
        }
        return TemplateResponse(request, "admin/operation_analysis.html", context)


EXPORTED = [
    "id", "created_at", "admin_name", "module", "operation", "target_type", "target_id", "status",
    "error_message", "request_method", "request_url", "request_params", "changes", "ip_address",
    "user_agent", "execution_time", "request_id",
]  # fmt: skip


def _change(values) -> str:
    """From what to what; only *** when the field is secret."""
    if isinstance(values, list) and len(values) == 2:
        return " → ".join("空" if value in (None, "") else str(value) for value in values)
    return str(values)


def _cell(value) -> str:
    """Text that no spreadsheet takes for a formula."""
    if hasattr(value, "astimezone"):
        return timezone.localtime(value).isoformat(" ", "seconds")
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _module(label: str) -> str:
    try:
        return str(apps.get_app_config(label).verbose_name)
    except LookupError:
        return "后台" if label == "back_office" else label


def _bars(title: str, labels: list[str], shares: list[Share]) -> dict:
    return {"title": title, "data": bar_data("操作", labels, [share.total for share in shares])}


def _table(head: str, shares: list[Share]) -> dict:
    rows = [[share.name, share.total, share.failed] for share in shares]
    return {"headers": [head, "次数", "其中失败"], "rows": rows}


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnly, BackOfficeAdmin):
    list_display = ["created_at", "kind", "object_pk", "before", "after", "actor", "reason"]
    list_filter = ["created_at"]
    list_select_related = ["actor"]
    search_fields = ["model__startswith", "object_pk__exact"]
    search_help_text = "对象类型的开头（如 commerce.order）或完整的对象 ID"
    fields = list_display
    readonly_fields = ["kind", "before", "after"]

    @display(description="对象类型", ordering="model")
    def kind(self, change):
        return model_name(change.model)

    @display(description="原状态")
    def before(self, change):
        return _state(change.model, change.old)

    @display(description="新状态")
    def after(self, change):
        return _state(change.model, change.new)


def _state(label: str, value: str) -> str:
    """The state in the words of the model it belongs to."""
    try:
        words = dict(apps.get_model(label)._meta.get_field("status").flatchoices)
    except LookupError:
        words = {}
    return badge(value, words.get(value, value))
