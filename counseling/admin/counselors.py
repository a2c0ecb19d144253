from django import forms
from django.contrib import admin
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldAdminURLInputWidget

from config.admin import BackOfficeAdmin
from counseling.models import Counselor, Service, WeeklyTemplate
from counseling.services.counselors import publish, refresh_lowest_price, suspend
from counseling.services.schedule import open_slots


class LanguagesField(forms.CharField):
    """A JSON list written as words with commas between them."""

    def prepare_value(self, value):
        return "、".join(value) if isinstance(value, list) else value

    def to_python(self, value):
        words = (super().to_python(value) or "").replace("，", "、").replace(",", "、")
        return [word.strip() for word in words.split("、") if word.strip()]

    def has_changed(self, initial, data):
        return self.to_python(data) != (initial or [])


class CounselorForm(forms.ModelForm):
    avatar = forms.URLField(
        label="头像", required=False, assume_scheme="https", widget=UnfoldAdminURLInputWidget
    )
    languages = LanguagesField(
        label="语言",
        required=False,
        max_length=100,
        help_text="用顿号分隔，如：普通话、粤语",
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = Counselor
        fields = [
            "user", "name", "title", "gender", "city", "avatar", "bio", "languages",
            "orientation", "specialties", "practice_years", "practice_hours",
            "min_notice_minutes", "max_per_day", "max_per_week", "works_on_holidays",
        ]  # fmt: skip


class ServiceInline(TabularInline):
    model = Service
    fields = ["kind", "mode", "minutes", "price", "is_active"]
    extra = 0
    can_delete = False
    tab = True


class WeeklyTemplateInline(TabularInline):
    """Deleted on its own page only, which takes its free slots along."""

    model = WeeklyTemplate
    fields = [
        "weekday", "start_time", "end_time", "slot_minutes", "break_minutes", "every_weeks",
        "anchor_date", "valid_from", "valid_until", "is_active",
    ]  # fmt: skip
    extra = 0
    can_delete = False
    show_change_link = True
    tab = True


@admin.register(Counselor)
class CounselorAdmin(BackOfficeAdmin):
    """The profile is edited; whether clients see it moves by the actions."""

    form = CounselorForm
    list_display = [
        "name", "title", "status", "city", "helps_with", "lowest_price", "score",
        "practice_years",
    ]  # fmt: skip
    list_filter = ["status", "gender", "city", ("specialties", RelatedDropdownFilter)]
    search_fields = ["name", "title", "user__phone__exact", "user__username__exact"]
    search_help_text = "姓名、头衔，或完整的手机号、用户名"
    autocomplete_fields = ["user", "specialties"]
    readonly_fields = ["status", "lowest_price", "score"]
    fieldsets = [
        (None, {"fields": ["user", "status", "name", "title", "gender", "city", "avatar", "bio"]}),
        ("专业背景", {"fields": [
            "specialties", "languages", "orientation", "practice_years", "practice_hours",
        ]}),
        ("预约", {"fields": [
            "min_notice_minutes", ("max_per_day", "max_per_week"), "works_on_holidays",
            "lowest_price", "score",
        ]}),
    ]  # fmt: skip
    inlines = [ServiceInline, WeeklyTemplateInline]
    actions = ["publish_selected", "suspend_selected"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("specialties")

    def get_readonly_fields(self, request, obj=None):
        fixed = ["user"] if obj else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        refresh_lowest_price(form.instance.pk)
        rules = any(
            formset.model is WeeklyTemplate and formset.has_changed() for formset in formsets
        )
        if rules or "works_on_holidays" in form.changed_data:
            open_slots(form.instance.pk)

    def has_delete_permission(self, request, obj=None):
        return False

    @display(description="擅长方向")
    def helps_with(self, counselor):
        return "、".join(tag.name for tag in counselor.specialties.all()) or "-"

    @display(description="评分", ordering="rating")
    def score(self, counselor):
        return f"{counselor.rating} ({counselor.rating_count})" if counselor.rating_count else "-"

    @action(description="上架所选咨询师", permissions=["publish"])
    def publish_selected(self, request, queryset):
        self.call_each(request, queryset, publish)

    @action(description="暂停所选咨询师", permissions=["publish"])
    def suspend_selected(self, request, queryset):
        self.call_each(request, queryset, suspend)

    def has_publish_permission(self, request):
        return request.user.has_perm("counseling.publish_counselor")


@admin.register(Service)
class ServiceAdmin(BackOfficeAdmin):
    """A service that was booked is switched off, never deleted."""

    list_display = ["counselor", "kind", "mode", "minutes", "price", "is_active"]
    list_filter = ["kind", "mode", "is_active"]
    list_select_related = ["counselor"]
    search_fields = ["counselor__name"]
    search_help_text = "咨询师姓名"
    autocomplete_fields = ["counselor"]
    fields = ["counselor", "kind", "mode", "minutes", "price", "is_active"]

    def get_readonly_fields(self, request, obj=None):
        return ["counselor"] if obj else []

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        refresh_lowest_price(obj.counselor_id)

    def has_delete_permission(self, request, obj=None):
        return False
