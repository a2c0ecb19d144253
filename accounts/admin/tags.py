from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import Count
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts.models import UserTag
from accounts.services.tags import (
    change_user_tags,
    delete_user_tag,
    merge_user_tags,
    save_user_tag,
)
from config.admin import BackOfficeAdmin, coloured
from config.admin.merging import merge_form
from config.errors import DomainError

# Unfold's colours of labels.
LOOKS = {
    "grey": "default",
    "blue": "info",
    "green": "success",
    "orange": "warning",
    "red": "danger",
}


def tag_choices() -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in UserTag.objects.values_list("pk", "name")]


class TagFilter(SimpleListFilter):
    title, parameter_name = "标签", "tag"

    def lookups(self, request, model_admin):
        return tag_choices()

    def queryset(self, request, queryset):
        wanted = self.value()
        if not wanted:
            return queryset
        return queryset.filter(taggings__tag=int(wanted)) if wanted.isdecimal() else queryset.none()


class TagPeople:
    """Put before the admin class of people: tags on and off many at once."""

    @action(description="打标签", permissions=["tag"])
    def put_tag(self, request, queryset):
        self._tag(request, queryset, "add")

    @action(description="去标签", permissions=["tag"])
    def take_tag(self, request, queryset):
        self._tag(request, queryset, "remove")

    def _tag(self, request, queryset, how: str):
        chosen = request.POST.get("tag", "")
        if not chosen.isdecimal():
            self.message_user(request, "请先选择标签", messages.ERROR)
            return
        ids = list(queryset.values_list("pk", flat=True)[:1001])
        if len(ids) > 1000:
            self.message_user(request, "一次最多处理 1000 人", messages.ERROR)
            return
        try:
            done = change_user_tags(ids, actor=request.user, **{how: [int(chosen)]})
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.message_user(request, f"已处理 {done} 人", messages.SUCCESS)

    def has_tag_permission(self, request):
        return request.user.has_perm("accounts.change_user")


@admin.register(UserTag)
class UserTagAdmin(BackOfficeAdmin):
    list_display = ["label", "description", "people", "updated_at"]
    list_filter = ["colour"]
    search_fields = ["name"]
    search_help_text = "名称"
    fields = ["name", "colour", "description"]
    action_form = merge_form(UserTag)
    actions = ["merge"]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(number=Count("taggings"))

    def get_actions(self, request):
        """Deleted one by one: each may have its reasons not to be."""
        actions = super().get_actions(request)
        return {name: entry for name, entry in actions.items() if name != "delete_selected"}

    def save_model(self, request, obj, form, change):
        obj.pk = save_user_tag(obj.pk, **form.cleaned_data).pk

    def delete_model(self, request, obj):
        delete_user_tag(obj.pk)

    @action(description="合并所选标签到右侧标签", permissions=["delete"])
    def merge(self, request, queryset):
        into = request.POST.get("into", "")
        if not into.isdecimal():
            self.message_user(request, "请选择要合并到的标签", messages.ERROR)
            return
        chosen = queryset.exclude(pk=into)
        self.call_each(request, chosen, lambda pk, actor: merge_user_tags(pk, into_id=int(into)))

    @display(description="名称", ordering="name")
    def label(self, tag):
        return coloured(tag.name, LOOKS[tag.colour])

    @display(description="人数", ordering="number")
    def people(self, tag):
        address = reverse("admin:accounts_user_changelist")
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}?tag={}">{}</a>',
            address, tag.pk, tag.number,
        )  # fmt: skip
