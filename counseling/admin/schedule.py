from datetime import timedelta

from django import forms
from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from config.admin import BackOfficeAdmin
from counseling.admin.calendar import SlotCalendar
from counseling.admin.making import MadeByCleaning
from counseling.admin.times import span_text
from counseling.models import TimeSlot
from counseling.services.schedule import (
    close_slot,
    create_slots,
    reopen_slot,
)


class NewSlotForm(MadeByCleaning, forms.ModelForm):
    """One slot by hand."""

    class Meta:
        model = TimeSlot
        fields = ["counselor", "start_at", "end_at"]

    def make(self, data):
        span = (data["start_at"], data["end_at"])
        return create_slots(data["counselor"].pk, spans=[span])[0]


@admin.register(TimeSlot)
class TimeSlotAdmin(SlotCalendar, BackOfficeAdmin):
    """Slots are added by hand here, and closed and reopened; bookings move them otherwise."""

    form = NewSlotForm
    list_display = ["when", "counselor", "status", "length", "by_rule"]
    list_filter = ["status", "start_at", ("counselor", AutocompleteSelectFilter)]
    list_select_related = ["counselor"]
    search_fields = ["counselor__name"]
    search_help_text = "咨询师姓名"
    autocomplete_fields = ["counselor"]
    readonly_fields = ["status", "template", "exception"]
    fields = ["counselor", "start_at", "end_at", ("status", "template", "exception")]
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
        return span_text(slot)

    @display(description="时长")
    def length(self, slot):
        return f"{(slot.end_at - slot.start_at) // timedelta(minutes=1)} 分钟"

    @display(description="来自排班", boolean=True)
    def by_rule(self, slot):
        return slot.template_id is not None or slot.exception_id is not None

    @action(description="关闭所选时段", permissions=["change"])
    def close_selected(self, request, queryset):
        self.call_each(request, queryset, close_slot)

    @action(description="重新开放所选时段", permissions=["change"])
    def reopen_selected(self, request, queryset):
        self.call_each(request, queryset, reopen_slot)
