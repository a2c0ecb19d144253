"""The queues of those who want to counsel here: applications and certificates."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html_join
from unfold.decorators import action, display

from accounts.admin.looks import LoggedLooks
from accounts.admin.reveals import Revealing
from commerce.admin.decisions import Deciding, Decision
from commerce.admin.money import RemarkActionForm, remark_of
from config.admin import BackOfficeAdmin, ReadOnly, badge, masked
from config.masking import mask_id
from counseling.models import (
    CounselorApplication,
    CounselorApplicationStatus,
    Qualification,
    QualificationStatus,
)
from counseling.services.applications import approve_application, reject_application
from counseling.services.qualifications import approve_qualification, reject_qualification
from media.models import Variant
from media.services.links import preview_path


class ReviewPage(Deciding, ReadOnly, BackOfficeAdmin):
    """A queue: read here, decided by the actions, each with who it is about and why."""

    action_form = RemarkActionForm
    approve_service = reject_service = None

    @action(description="通过所选", permissions=["review"])
    def approve(self, request, queryset):
        self.call_each(request, queryset, self.approve_service)

    @action(description="驳回所选（请填写说明）", permissions=["review"])
    def reject(self, request, queryset):
        self.call_each(request, queryset, self.reject_service, reason=remark_of(request))

    def has_review_permission(self, request, object_id=None):
        return request.user.has_perm(self.full_permission("review"))


@admin.register(CounselorApplication)
class CounselorApplicationAdmin(ReviewPage):
    """Drafts are their authors' alone."""

    approve_service = staticmethod(approve_application)
    reject_service = staticmethod(reject_application)
    decisions = {
        "approve": Decision("通过", CounselorApplicationStatus.APPROVED, approve_application),
        "reject": Decision(
            "驳回", CounselorApplicationStatus.REJECTED, reject_application, "reason"
        ),
    }
    actions = ["approve", "reject"]
    list_display = [
        "name", "user", "status", "city", "practice_years", "submitted_at", "reviewed_at",
        "reviewed_by",
    ]  # fmt: skip
    list_filter = ["status", "gender", "submitted_at", "reviewed_at"]
    list_select_related = ["user", "reviewed_by"]
    search_fields = ["name", "user__username__exact", "user__phone__exact"]
    search_help_text = "姓名，或完整的用户名、手机号"
    readonly_fields = ["spoken", "helps_with", "certificates"]
    fieldsets = [
        (None, {"fields": [("name", "user"), ("status", "submitted_at"), ("gender", "city")]}),
        ("专业背景", {"fields": [
            "title", "bio", "training", "orientation", ("spoken", "helps_with"),
            ("practice_years", "practice_hours", "supervision_hours"),
        ]}),
        ("资质", {"fields": ["certificates"]}),
        ("审核", {"fields": [("reviewed_at", "reviewed_by"), "review_note"]}),
    ]  # fmt: skip

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.exclude(status=CounselorApplicationStatus.DRAFT)

    @display(description="语言")
    def spoken(self, row):
        return "、".join(row.languages) or "-"

    @display(description="擅长方向")
    def helps_with(self, row):
        return "、".join(tag.name for tag in row.specialties.all()) or "-"

    @display(description="已提交的资质")
    def certificates(self, row):
        return certificates_of(row.user)


def certificates_of(user):
    """Links to the pages of somebody's qualifications, with their states."""
    page = "admin:counseling_qualification_change"
    rows = user.qualifications.order_by("-pk")
    lines = [
        (
            reverse(page, args=[row.pk]), row, badge(row.status, row.get_status_display()),
            row.expires_on or "长期",
        )
        for row in rows
    ]  # fmt: skip
    words = '<p><a class="underline" href="{}">{}</a> {} 有效期至 {}</p>'
    return format_html_join("", words, lines) or "-"


@admin.register(Qualification)
class QualificationAdmin(LoggedLooks, Revealing, ReviewPage):
    """Certificates with their scans; an approved one that proves false is rejected here, too."""

    approve_service = staticmethod(approve_qualification)
    reject_service = staticmethod(reject_qualification)
    decisions = {
        "approve": Decision("通过", QualificationStatus.APPROVED, approve_qualification),
        "reject": Decision("驳回", QualificationStatus.REJECTED, reject_qualification, "reason"),
    }
    actions = ["approve", "reject"]
    actions_detail = ["decide", "reveal"]
    list_display = [
        "kind", "user", "issuer", "status", "issued_on", "expires_on", "submitted_at",
        "reviewed_by",
    ]  # fmt: skip
    list_filter = ["status", "kind", "submitted_at", "reviewed_at"]
    list_select_related = ["user", "reviewed_by"]
    search_fields = ["issuer", "user__username__exact", "user__phone__exact"]
    search_help_text = "发证机构，或完整的用户名、手机号"
    readonly_fields = ["masked_number", "scans"]
    fieldsets = [
        (None, {"fields": [
            ("user", "status"), ("kind", "masked_number"), "issuer", ("issued_on", "expires_on"),
            "submitted_at",
        ]}),
        ("文件", {"fields": ["scans"]}),
        ("审核", {"fields": [("reviewed_at", "reviewed_by"), "review_note", "reminded_days"]}),
    ]  # fmt: skip
    masked_number = masked("number", "证书编号", mask_id)

    def get_object(self, request, *args, **kwargs):
        """With who looks at it: the links of scans are theirs, for ten minutes."""
        row = super().get_object(request, *args, **kwargs)
        if row is not None:
            row.viewer_id = request.user.pk
        return row

    def shows_others(self, row, viewer):
        return row.user_id != viewer.pk and row.files.exists()

    @display(description="扫描件")
    def scans(self, row):
        return format_html_join(
            "", '<a href="{}" target="_blank" rel="noopener"><img src="{}" alt="扫描件"'
            ' style="display:inline-block;max-height:14rem;margin-right:1rem;border-radius:6px">'
            "</a>",
            (
                [preview_path(file.pk, row.viewer_id, size) for size in Variant]
                for file in row.files.all()
            ),
        ) or "-"  # fmt: skip
