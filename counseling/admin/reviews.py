from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from commerce.admin.reviews import ReviewAdmin
from counseling.models import Review, ReviewTag
from counseling.services.reviews import hide_review, restore_review


@admin.register(Review)
class CounselingReviewAdmin(ReviewAdmin):
    """Found by counselor and words alone: an appointment's number would tell whose it is."""

    hide_service, restore_service = staticmethod(hide_review), staticmethod(restore_review)

    list_display = [
        "counselor", "stars", "comment", "said", "is_anonymous", "reply", "status", "created_at",
        "moderation_note",
    ]  # fmt: skip
    list_filter = [*ReviewAdmin.list_filter, ("counselor", AutocompleteSelectFilter)]
    list_select_related = ["counselor"]
    search_fields = ["counselor__name", "comment"]
    search_help_text = "咨询师姓名或评价内容"
    readonly_fields = ["stars", "said"]
    fields = [
        "counselor", "stars", "said", "comment", "is_anonymous", "reply", "replied_at", "status",
        "moderation_note", "created_at",
    ]  # fmt: skip

    @display(description="标签")
    def said(self, review):
        return "、".join(ReviewTag(tag).label for tag in review.tags) or "-"
