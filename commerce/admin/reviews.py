from django.contrib import admin
from unfold.decorators import action, display

from commerce.admin.money import RemarkActionForm, remark_of
from commerce.admin.pictures import PrivatePictureInline
from commerce.models import MerchantReview, ReviewPicture
from commerce.services.reviews import hide_review, restore_review
from config.admin import BackOfficeAdmin, ReadOnly


class ReviewAdmin(ReadOnly, BackOfficeAdmin):
    """The queue of reviews of one kind.  Who said it is nobody's business here, anonymous or not.

    hide_service, restore_service: what the actions call.
    """

    secret_lookups = frozenset({"user", "order", "appointment", "replied_by"})
    action_form = RemarkActionForm
    list_filter = ["status", "rating", "is_anonymous", "created_at"]
    readonly_fields = ["stars"]
    actions = ["hide", "restore"]

    @display(description="评分", ordering="rating")
    def stars(self, review):
        return "★" * review.rating + "☆" * (5 - review.rating)

    @action(description="隐藏所选评价（请填写说明）", permissions=["moderate"])
    def hide(self, request, queryset):
        self.call_each(request, queryset, self.hide_service, reason=remark_of(request))

    @action(description="恢复所选评价", permissions=["moderate"])
    def restore(self, request, queryset):
        self.call_each(request, queryset, self.restore_service, reason=remark_of(request))

    def has_moderate_permission(self, request):
        return request.user.has_perm(self.full_permission("moderate"))


class ReviewPictureInline(PrivatePictureInline):
    model = ReviewPicture


@admin.register(MerchantReview)
class MerchantReviewAdmin(ReviewAdmin):
    hide_service, restore_service = staticmethod(hide_review), staticmethod(restore_review)

    list_display = [
        "merchant", "stars", "comment", "is_anonymous", "reply", "status", "created_at",
        "moderation_note",
    ]  # fmt: skip
    list_select_related = ["merchant"]
    search_fields = ["merchant__business_name", "comment", "order__number__exact"]
    search_help_text = "商户名称、评价内容，或完整的订单编号"
    fields = [
        "merchant", "stars", "comment", "is_anonymous", "reply", "replied_at", "status",
        "moderation_note", "created_at",
    ]  # fmt: skip
    inlines = [ReviewPictureInline]
