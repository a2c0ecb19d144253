"""Asking for an export beside the list it is of, and what became of those asked for."""

from urllib.parse import parse_qs, urlsplit

import django_filters
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.models import ExportFormat, ExportJob, ExportStatus
from accounts.services.export_kinds import export_kind, kind_label
from accounts.services.exports import cancel_export, download_path, request_export
from config.admin import BackOfficeAdmin, ReadOnly
from config.admin.step_up import ask_first
from config.errors import DomainError

_BOOL = [("", "不限"), ("true", "是"), ("false", "否")]


class ExportForm(forms.Form):
    """The filters of a kind, its columns and the rest."""

    def __init__(self, *args, kind, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.kind = kind
        for name, found in kind.filterset.base_filters.items():
            self.fields[f"filter_{name}"] = _field(kind, name, found)
        self.fields["columns"] = forms.MultipleChoiceField(
            label="列",
            choices=[(name, column.title) for name, column in kind.columns.items()],
            initial=list(kind.columns),
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
        )
        formats = [(f, ExportFormat(f).label) for f in kind.formats]
        self.fields["format"] = forms.ChoiceField(
            label="格式", choices=formats, widget=UnfoldAdminSelectWidget
        )
        if kind.allows(user, unmasked=True):
            self.fields["unmasked"] = forms.BooleanField(
                label="不脱敏", required=False, widget=UnfoldBooleanSwitchWidget,
                help_text="手机号、邮箱与生日完整导出；须填写原因，并记入操作日志",
            )  # fmt: skip
            self.fields["reason"] = forms.CharField(
                label="原因", required=False, max_length=200, widget=UnfoldAdminTextInputWidget
            )

    def filter_fields(self):
        return [self[name] for name in self.fields if name.startswith("filter_")]

    def other_fields(self):
        return [self[name] for name in self.fields if not name.startswith("filter_")]

    def wish(self) -> dict:
        data = dict(self.cleaned_data)
        names = [name for name in data if name.startswith("filter_")]
        filters = {name.removeprefix("filter_"): data.pop(name) for name in names}
        return data | {"filters": filters}


def _field(kind, name: str, found) -> forms.Field:
    choices = _choices(kind, name, found)
    options = {"label": found.label or name, "required": False}
    if choices is not None:
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **options)
    day = isinstance(found, django_filters.DateFilter)
    attributes = {"type": "date"} if day else {}
    return forms.CharField(
        max_length=64, widget=UnfoldAdminTextInputWidget(attrs=attributes), **options
    )


def _choices(kind, name: str, found) -> list | None:
    if isinstance(found, django_filters.BooleanFilter):
        return _BOOL
    if name in kind.choices:
        return [("", "不限"), *kind.choices[name]()]
    if isinstance(found, django_filters.ChoiceFilter):
        return [("", "不限"), *found.extra["choices"]]
    return None


class Exportable:
    """Put before the admin class of a list: a page that asks for its export, and an action for the
    rows that are ticked (its kind has a filter `ids` then).

    export_of: the kind (settings.EXPORTS).  from_list: the list's parameters by the filter they
    are.
    """

    export_of: str
    from_list: dict[str, str] = {}
    actions_list = ["export_rows"]

    @action(description="导出", url_path="export", permissions=["export"], icon="download")
    def export_rows(self, request):
        if request.method == "POST" and (page := ask_first(request, "导出数据")):
            return page
        kind = export_kind(self.export_of)
        form = ExportForm(
            request.POST or None, kind=kind, user=request.user, initial=self._narrowed(request)
        )
        asked = request.method == "POST" and form.is_valid()
        if asked and (answer := self._ask(request, form.wish())):
            return answer
        context = self.admin_site.each_context(request) | {
            "title": f"导出{kind.label}", "opts": self.opts, "form": form,
        }  # fmt: skip
        return TemplateResponse(request, "admin/export.html", context)

    @action(description="导出所选", permissions=["export"])
    def export_chosen(self, request, queryset):
        ids = [str(pk) for pk in queryset.order_by("pk").values_list("pk", flat=True)[:101]]
        if len(ids) > 100:
            words = "一次最多导出所选的 100 行，更多请按条件使用“导出”"
            self.message_user(request, words, messages.ERROR)
            return None
        return self._ask(request, {"filters": {"ids": ",".join(ids)}})

    def _ask(self, request, wish: dict) -> HttpResponseRedirect | None:
        """To the page of the job; None, with a message, where it is refused."""
        try:
            job = request_export(request.user, self.export_of, **wish)
        except DomainError as refusal:
            self.message_user(request, _words(refusal), messages.ERROR)
            return None
        self.message_user(request, "已开始导出，完成后可在此下载", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:accounts_exportjob_change", args=[job.pk]))

    def has_export_permission(self, request):
        return export_kind(self.export_of).allows(request.user, unmasked=False)

    def _narrowed(self, request) -> dict[str, str]:
        """The filters of the list one comes from."""
        came = parse_qs(urlsplit(request.headers.get("Referer", "")).query)
        given = {self.from_list.get(name, name): values[0] for name, values in came.items()}
        return {f"filter_{name}": value.replace("/", "-") for name, value in given.items()}


def _words(refusal: DomainError) -> str:
    """With what is wrong with each filter, by the name it has on the page."""
    why = refusal.data.get("filters")
    return f"{refusal}：{why}" if why else str(refusal)


@admin.register(ExportJob)
class ExportJobAdmin(ReadOnly, BackOfficeAdmin):
    """One's own, with their files; who reads the operation log sees those of others, no file."""

    list_display = [
        "id", "what", "format", "status", "progress_shown", "unmasked", "requested_by",
        "created_at", "expires_at", "link",
    ]  # fmt: skip
    list_filter = ["status", "unmasked", "created_at"]
    list_select_related = ["requested_by"]
    fields = [
        "what", "format", "status", "progress_shown", "link", "filters_shown", "columns_shown",
        "unmasked", "reason", "size_shown", "error", "downloads", "requested_by", "created_at",
        "started_at", "finished_at", "expires_at",
    ]  # fmt: skip
    readonly_fields = [
        "what", "progress_shown", "link", "filters_shown", "columns_shown", "size_shown",
    ]  # fmt: skip
    actions = ["cancel"]

    def get_queryset(self, request):
        rows, user = super().get_queryset(request), request.user
        others = user.has_perm("accounts.view_operationlog")
        if others or not user.has_perm("accounts.view_exportjob"):  # the view refuses the latter
            return rows
        return rows.filter(requested_by=user)

    def get_urls(self):
        page = self.admin_site.admin_view(self.download)
        name = "accounts_exportjob_download"
        return [path("<int:pk>/download/", page, name=name), *super().get_urls()]

    def download(self, request, pk):
        """To the link of ten minutes, made for whoever asks: it is theirs or there is none."""
        job = ExportJob.objects.visible_to(request.user).filter(pk=pk).first()
        address = job and download_path(job)
        if address is None:
            self.message_user(request, "文件不存在、已过期，或由他人申请", messages.ERROR)
            return HttpResponseRedirect(reverse("admin:accounts_exportjob_changelist"))
        return HttpResponseRedirect(address)

    @action(description="取消任务或删除文件", permissions=["view"])
    def cancel(self, request, queryset):
        self.call_each(request, queryset, lambda pk, actor: cancel_export(pk, user=actor))

    @display(description="内容", ordering="kind")
    def what(self, job):
        return kind_label(job.kind)

    @display(description="进度")
    def progress_shown(self, job):
        rows = f"{job.done:,}" if job.total is None else f"{job.done:,} / {job.total:,}"
        return f"{job.progress}%（{rows} 行）"

    @display(description="文件")
    def link(self, job):
        if job.status != ExportStatus.READY:
            return "-"
        return format_html(
            '<a class="font-medium text-primary-600 dark:text-primary-500" href="{}">下载</a>',
            reverse("admin:accounts_exportjob_download", args=[job.pk]),
        )

    @display(description="筛选条件")
    def filters_shown(self, job):
        if job.filters is None:
            return "-"
        names = _labels(job.kind)
        words = dict(_BOOL)
        shown = [
            f"{names.get(name, name)}：{words.get(value, value)}"
            for name, value in job.filters.items()
        ]
        return "；".join(shown) or "全部"

    @display(description="列")
    def columns_shown(self, job):
        known = export_kind(job.kind).columns if job.kind in settings.EXPORTS else {}
        titles = {name: getattr(column, "title", name) for name, column in known.items()}
        return "、".join(titles.get(name, name) for name in job.columns) or "-"

    @display(description="文件大小")
    def size_shown(self, job):
        return "-" if job.size is None else filesizeformat(job.size)


def _labels(kind: str) -> dict[str, str]:
    """What the filters of a kind are called; nothing for a kind without a list."""
    found = getattr(export_kind(kind), "filterset", None) if kind in settings.EXPORTS else None
    return {name: f.label or name for name, f in found.base_filters.items()} if found else {}
