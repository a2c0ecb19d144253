"""The rules of counselors' time; saving or deleting one makes the free slots anew at once."""

from django import forms
from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from config.admin import BackOfficeAdmin
from config.errors import DomainError
from counseling.models import Holiday, ScheduleException, WeeklyTemplate
from counseling.services.holidays import holidays_changed, import_holidays, read_holidays
from counseling.services.schedule import open_slots
from counseling.services.schedule_edit import remove_rule


class RuleAdmin(BackOfficeAdmin):
    """A rule of one counselor, whom it never changes."""

    list_select_related = ["counselor"]
    search_fields = ["counselor__name"]
    search_help_text = "咨询师姓名"
    autocomplete_fields = ["counselor"]

    def get_readonly_fields(self, request, obj=None):
        return ["counselor"] if obj else []

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        made = open_slots(obj.counselor_id)
        messages.info(request, f"已按排班更新时段，新增 {made} 个")

    def delete_model(self, request, obj):
        remove_rule(self.model, rule_id=obj.pk)

    def delete_queryset(self, request, queryset):
        for rule in queryset:
            self.delete_model(request, rule)


@admin.register(WeeklyTemplate)
class WeeklyTemplateAdmin(RuleAdmin):
    list_display = [
        "counselor", "weekday", "start_time", "end_time", "every_weeks", "slot_minutes",
        "break_minutes", "valid_from", "valid_until", "is_active",
    ]  # fmt: skip
    list_display_links = ["counselor", "weekday"]
    list_filter = ["weekday", "is_active"]
    fields = [
        "counselor", ("weekday", "is_active"), ("start_time", "end_time"),
        ("slot_minutes", "break_minutes"), ("every_weeks", "anchor_date"),
        ("valid_from", "valid_until"),
    ]  # fmt: skip
    actions = ["make_slots"]

    @action(description="生成时段", permissions=["change"])
    def make_slots(self, request, queryset):
        counselors = set(queryset.order_by().values_list("counselor_id", flat=True))
        made = sum(open_slots(pk) for pk in sorted(counselors))
        messages.success(request, f"已为 {len(counselors)} 位咨询师生成 {made} 个时段")


@admin.register(ScheduleException)
class ScheduleExceptionAdmin(RuleAdmin):
    list_display = [
        "date", "counselor", "kind", "start_time", "end_time", "slot_minutes", "note", "is_active",
    ]  # fmt: skip
    list_display_links = ["date", "counselor"]
    list_filter = ["kind", "is_active"]
    date_hierarchy = "date"
    fields = [
        "counselor", ("date", "kind"), ("start_time", "end_time"),
        ("slot_minutes", "break_minutes"), ("note", "is_active"),
    ]  # fmt: skip


class HolidayFileForm(forms.Form):
    file = forms.FileField(
        label="文件",
        widget=UnfoldAdminFileFieldWidget,
        help_text=(
            "JSON 或 CSV，UTF-8。列：date、name、kind（off 放假，work 调休上班）、"
            "works_as（1 周一 … 7 周日，调休日按星期几排班）。"
            "文件中出现的年份会被整年替换。"
        ),
    )
    rows = None

    def clean_file(self):
        try:
            self.rows = read_holidays(self.cleaned_data["file"].read(1_000_000).decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError("文件不是 UTF-8 编码") from None
        except DomainError as error:
            raise forms.ValidationError(f"{error}（第 {error.data['line']} 行）") from None
        return self.cleaned_data["file"]


@admin.register(Holiday)
class HolidayAdmin(BackOfficeAdmin):
    list_display = ["date", "name", "kind", "works_as"]
    list_filter = ["kind"]
    date_hierarchy = "date"
    search_fields = ["name"]
    search_help_text = "名称"
    fields = [("date", "name"), ("kind", "works_as")]
    actions_list = ["import_file"]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        holidays_changed()

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        holidays_changed()

    def delete_queryset(self, request, queryset):
        super().delete_queryset(request, queryset)
        holidays_changed()

    @action(description="导入文件", url_path="import", permissions=["add"], icon="upload_file")
    def import_file(self, request):
        form = HolidayFileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            done = import_holidays(form.rows)
            messages.success(
                request,
                f"新增 {done.added} 天，更改 {done.changed} 天，移除 {done.removed} 天；时段已更新",
            )
            return HttpResponseRedirect(reverse("admin:counseling_holiday_changelist"))
        context = self.admin_site.each_context(request) | {"title": "导入节假日", "form": form}
        return TemplateResponse(request, "admin/form_page.html", context)
