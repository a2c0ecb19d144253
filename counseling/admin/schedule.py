from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from config.admin import BackOfficeAdmin
from config.errors import DomainError
from counseling.models import TimeSlot, WeeklyTemplate
from counseling.services.schedule import (
    close_slot,
    create_slots,
    open_slots,
    remove_template,
    reopen_slot,
)


@admin.register(WeeklyTemplate)
class WeeklyTemplateAdmin(BackOfficeAdmin):
    """Saving or deleting one makes the counselor's free slots anew at once."""

    list_display = [
        "counselor", "weekday", "start_time", "end_time", "slot_minutes", "break_minutes",
        "valid_from", "valid_until", "is_active",
    ]  # fmt: skip
    list_display_links = ["counselor", "weekday"]
    list_filter = ["weekday", "is_active"]
    list_select_related = ["counselor"]
    search_fields = ["counselor__name"]
    search_help_text = "咨询师姓名"
    autocomplete_fields = ["counselor"]
    fields = [
        "counselor", ("weekday", "is_active"), ("start_time", "end_time"),
        ("slot_minutes", "break_minutes"), ("valid_from", "valid_until"),
    ]  # fmt: skip
    actions = ["make_slots"]

    def get_readonly_fields(self, request, obj=None):
        return ["counselor"] if obj else []

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        made = open_slots(obj.counselor_id)
        messages.info(request, f"已按排班更新时段，新增 {made} 个")

    def delete_model(self, request, obj):
        remove_template(obj.pk)

    def delete_queryset(self, request, queryset):
        for template in queryset:
            remove_template(template.pk)

    @action(description="生成时段", permissions=["change"])
    def make_slots(self, request, queryset):
        counselors = set(queryset.order_by().values_list("counselor_id", flat=True))
        made = sum(open_slots(pk) for pk in sorted(counselors))
        messages.success(request, f"已为 {len(counselors)} 位咨询师生成 {made} 个时段")


class NewSlotForm(forms.ModelForm):
    """One slot by hand.  Only making it shows whether its time is free, so clean() makes it."""

    class Meta:
        model = TimeSlot
        fields = ["counselor", "start_at", "end_at"]

    def clean(self):
        data = super().clean()
        if self.instance.pk is None and not self.errors:
            span = (data["start_at"], data["end_at"])
            try:
                self.made = create_slots(data["counselor"].pk, spans=[span])[0]
            except DomainError as error:
                raise ValidationError(str(error)) from error
        return data

    def save(self, commit=True):
        return self.made if self.instance.pk is None else self.instance

    def save_m2m(self):
        """Nothing: a slot has no many-to-many fields."""


@admin.register(TimeSlot)
class TimeSlotAdmin(BackOfficeAdmin):
    """Slots are added by hand here, and closed and reopened; bookings move them otherwise."""

    form = NewSlotForm
    list_display = ["when", "counselor", "status", "length", "by_template"]
    list_filter = ["status", "start_at", ("counselor", AutocompleteSelectFilter)]
    list_select_related = ["counselor"]
    search_fields = ["counselor__name"]
    search_help_text = "咨询师姓名"
    autocomplete_fields = ["counselor"]
    readonly_fields = ["status", "template"]
    fields = ["counselor", "start_at", "end_at", ("status", "template")]
    actions = ["close_selected", "reopen_selected"]

    def get_readonly_fields(self, request, obj=None):
        fixed = ["counselor", "start_at", "end_at"] if obj else []
        return [*self.readonly_fields, *fixed]

    def save_model(self, request, obj, form, change):
        """Nothing: the form made a new slot, and an existing one is not edited."""

    def has_delete_permission(self, request, obj=None):
        return False

    @display(description="时间", ordering="start_at")
    def when(self, slot):
        start, end = timezone.localtime(slot.start_at), timezone.localtime(slot.end_at)
        return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"

    @display(description="时长")
    def length(self, slot):
        return f"{(slot.end_at - slot.start_at) // timedelta(minutes=1)} 分钟"

    @display(description="来自排班", boolean=True)
    def by_template(self, slot):
        return slot.template_id is not None

    @action(description="关闭所选时段", permissions=["change"])
    def close_selected(self, request, queryset):
        self.call_each(request, queryset, close_slot)

    @action(description="重新开放所选时段", permissions=["change"])
    def reopen_selected(self, request, queryset):
        self.call_each(request, queryset, reopen_slot)
