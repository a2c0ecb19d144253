from datetime import timedelta

from django import forms
from django.contrib import admin
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldAdminURLInputWidget

from commerce.admin.decisions import Deciding, Decision
from commerce.admin.money import RemarkActionForm, remark_of
from config.addresses import LONGEST, public_address
from config.admin import BackOfficeAdmin, badge
from counseling.admin.applications import certificates_of
from counseling.models import Counselor, CounselorStatus, Location, Service, WeeklyTemplate
from counseling.services.counselors import publish, refresh_lowest_price, send_back, suspend
from counseling.services.qualifications import FOR_EVER
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
        label="头像",
        required=False,
        max_length=LONGEST,
        assume_scheme="https",
        validators=[public_address],
        widget=UnfoldAdminURLInputWidget,
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
            "training", "orientation", "specialties", "practice_years", "practice_hours",
            "supervision_hours", "min_notice_minutes", "max_per_day", "max_per_week",
            "works_on_holidays",
        ]  # fmt: skip


class ServiceInline(TabularInline):
    model = Service
    fields = ["kind", "mode", "minutes", "price", "first_price", "location", "is_active"]
    extra = 0
    can_delete = False
    tab = True

    def formfield_for_foreignkey(self, field, request, **kwargs):
        """The counselor's own studios."""
        if field.name == "location":
            counselor = request.resolver_match.kwargs.get("object_id")
            kwargs["queryset"] = Location.objects.filter(counselor=counselor)
        return super().formfield_for_foreignkey(field, request, **kwargs)


class LocationInline(TabularInline):
    model = Location
    fields = ["city", "address"]
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
class CounselorAdmin(Deciding, BackOfficeAdmin):
    """The profile is edited; whether clients see it moves by the actions."""

    form = CounselorForm
    action_form = RemarkActionForm
    list_display = [
        "name", "title", "status", "city", "helps_with", "lowest_price", "score",
        "practice_years", "qualified",
    ]  # fmt: skip
    list_filter = [
        "status", "gender", "city", "qualified_until", ("specialties", RelatedDropdownFilter),
    ]  # fmt: skip
    search_fields = ["name", "title", "user__phone__exact", "user__username__exact"]
    search_help_text = "姓名、头衔，或完整的手机号、用户名"
    autocomplete_fields = ["user", "specialties"]
    readonly_fields = ["status", "lowest_price", "score", "qualified", "certificates"]
    fieldsets = [
        (None, {"fields": ["user", "status", "name", "title", "gender", "city", "avatar", "bio"]}),
        ("专业背景", {"fields": [
            "specialties", "languages", "training", "orientation", "practice_years",
            "practice_hours", "supervision_hours",
        ]}),
        ("资质", {"fields": ["qualified", "certificates"]}),
        ("预约", {"fields": [
            "min_notice_minutes", ("max_per_day", "max_per_week"), "works_on_holidays",
            "lowest_price", "score",
        ]}),
    ]  # fmt: skip
    inlines = [ServiceInline, LocationInline, WeeklyTemplateInline]
    actions = ["publish_selected", "send_back_selected", "suspend_selected"]
    action_permissions = {"review": "counseling.publish_counselor"}
    decisions = {
        "publish": Decision("上架", CounselorStatus.PUBLISHED, publish),
        "send_back": Decision("退回修改", CounselorStatus.DRAFT, send_back, "reason"),
        "suspend": Decision("暂停", CounselorStatus.SUSPENDED, suspend, "reason"),
    }

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

    @display(description="资质有效至", ordering="qualified_until")
    def qualified(self, counselor):
        """The last valid day."""
        until = counselor.qualified_until
        if until is None:
            return badge("rejected", "无有效资质")
        day = timezone.localdate(until - timedelta(seconds=1))
        if until <= timezone.now():
            return badge("rejected", f"已于 {day} 到期")
        return "长期" if until == FOR_EVER else day

    @display(description="资质")
    def certificates(self, counselor):
        return certificates_of(counselor.user) if counselor.pk else "-"

    @action(description="退回所选咨询师修改（请填写说明）", permissions=["publish"])
    def send_back_selected(self, request, queryset):
        self.call_each(request, queryset, send_back, reason=remark_of(request))

    @action(description="上架所选咨询师", permissions=["publish"])
    def publish_selected(self, request, queryset):
        self.call_each(request, queryset, publish)

    @action(description="暂停所选咨询师", permissions=["publish"])
    def suspend_selected(self, request, queryset):
        self.call_each(request, queryset, suspend)

    def has_publish_permission(self, request, object_id=None):
        return request.user.has_perm("counseling.publish_counselor")

    has_review_permission = has_publish_permission


@admin.register(Service)
class ServiceAdmin(BackOfficeAdmin):
    """A service that was booked is switched off, never deleted."""

    list_display = ["counselor", "kind", "mode", "minutes", "price", "first_price", "is_active"]
    list_filter = ["kind", "mode", "is_active"]
    list_select_related = ["counselor"]
    search_fields = ["counselor__name"]
    search_help_text = "咨询师姓名"
    autocomplete_fields = ["counselor"]
    fields = [
        "counselor", "kind", "mode", "minutes", "price", "first_price", "location", "is_active",
    ]  # fmt: skip

    def get_readonly_fields(self, request, obj=None):
        return ["counselor"] if obj else []

    def formfield_for_foreignkey(self, field, request, **kwargs):
        """Studios of that counselor; who has none yet chooses on the counselor's page."""
        if field.name == "location":
            service = request.resolver_match.kwargs.get("object_id")
            kwargs["queryset"] = Location.objects.filter(counselor__services=service)
        return super().formfield_for_foreignkey(field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        refresh_lowest_price(obj.counselor_id)

    def has_delete_permission(self, request, obj=None):
        return False
