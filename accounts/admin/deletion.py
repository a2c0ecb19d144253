"""Deleting people and what they asked for themselves; nothing cascades, nothing comes back."""

from django.contrib import admin, messages
from django.template.response import TemplateResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from accounts.models import AccountDeletion
from accounts.services.deletion import cancel_deletion, delete_user
from accounts.services.holdings import blockers_of, extent
from config.admin import BackOfficeAdmin, ReadOnly

AT_ONCE = 20


class DeletePeople:
    """The action of the page of people: first what would happen, then the deed."""

    @action(description="注销所选用户（不可恢复）", permissions=["delete_people"])
    def delete_people(self, request, queryset):
        people = list(queryset[: AT_ONCE + 1])
        if len(people) > AT_ONCE:
            self.message_user(request, f"一次最多注销 {AT_ONCE} 人", messages.ERROR)
            return None
        if request.POST.get("confirmed") == "yes":
            reason = request.POST.get("reason", "")
            return self.call_each(request, people, delete_user, reason=reason)
        context = self.admin_site.each_context(request) | {
            "title": "注销用户",
            "opts": self.model._meta,
            "reason": request.POST.get("reason", ""),
            "people": [_prospect(user) for user in people],
        }
        return TemplateResponse(request, "admin/delete_people.html", context)

    def has_delete_people_permission(self, request):
        return request.user.has_perm("accounts.delete_user")


def _prospect(user) -> dict:
    goes, stays = extent(user)
    return {"user": user, "blockers": blockers_of(user), "goes": goes, "stays": stays}


@admin.register(AccountDeletion)
class AccountDeletionAdmin(ReadOnly, BackOfficeAdmin):
    list_display = ["user", "status", "created_at", "due_at", "blocked", "reason", "requested_by"]
    list_filter = ["status", ("user", AutocompleteSelectFilter), "created_at", "due_at"]
    list_select_related = ["user", "requested_by"]
    search_fields = ["user__username__startswith", "user__nickname__startswith"]
    search_help_text = "用户名或昵称的开头"
    fields = [
        "user", "status", "requested_by", "reason", "created_at", "due_at", "reminded_at",
        "blocked_at", "blocked", "ended_at", "swept_at",
    ]  # fmt: skip
    readonly_fields = ["blocked"]
    actions = ["cancel"]
    action_permissions = {"cancel": "accounts.delete_user"}

    @display(description="受阻原因")
    def blocked(self, deletion):
        """What blocks it now, as long as it is pending."""
        if deletion.live_user is None or not deletion.blocked_by:
            return "-"
        return "；".join(found.message for found in blockers_of(deletion.user)) or "已了结"

    @action(description="撤销注销申请", permissions=["cancel"])
    def cancel(self, request, queryset):
        people = [deletion.user for deletion in queryset]
        self.call_each(request, people, cancel_deletion, reason="后台撤销")

    def has_cancel_permission(self, request):
        return request.user.has_perm("accounts.delete_user")
