"""Which rows a page of the back office shows and lets its reader change: as far as a role reaches.

settings.BACK_OFFICE_SCOPE names scoped(queryset, user, permission), the one that the API asks too.
"""

from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.utils.module_loading import import_string


class ScopedAdmin:
    """Put before ModelAdmin.  Somebody whose role reaches everything costs no statement.

    action_permissions: what an action's short permission stands for where that is not
    "<app>.<permission>_<model>".
    """

    action_permissions: dict[str, str] = {}

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        for short in ("view", "change"):
            if request.user.has_perm(self.full_permission(short)):
                return within(rows, request.user, self.full_permission(short))
        return rows  # the view refuses whoever may not look

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and self._reaches(request, obj, "change")

    def has_delete_permission(self, request, obj=None):
        allowed = super().has_delete_permission(request, obj)
        return allowed and self._reaches(request, obj, "delete")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        return self._choices(field, request)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        return self._choices(field, request)

    def get_actions(self, request):
        actions = super().get_actions(request)
        return {name: (_narrowed(entry[0]), *entry[1:]) for name, entry in actions.items()}

    def full_permission(self, short: str) -> str:
        if "." in short:
            return short
        options = self.opts
        return self.action_permissions.get(
            short, f"{options.app_label}.{short}_{options.model_name}"
        )

    def _reaches(self, request, obj, short: str) -> bool:
        if obj is None or obj.pk is None:
            return True
        rows = type(obj)._base_manager.filter(pk=obj.pk)
        narrowed = within(rows, request.user, self.full_permission(short))
        return narrowed is rows or narrowed.exists()

    def _choices(self, field, request):
        """What a form may point at: the rows within reach of whoever adds or changes."""
        if field is None or not hasattr(field, "queryset"):
            return field
        for short in ("add", "change"):
            if request.user.has_perm(self.full_permission(short)):
                field.queryset = within(field.queryset, request.user, self.full_permission(short))
                break
        return field


def _narrowed(action):
    """The action on those rows alone that its own permission reaches; the rest is said."""

    @wraps(action)
    def run(page, request, queryset):
        for short in getattr(action, "allowed_permissions", None) or ():
            queryset = within(queryset, request.user, page.full_permission(short))
        chosen = len(set(request.POST.getlist(ACTION_CHECKBOX_NAME)))
        there = queryset.count() if chosen else 0
        if there < chosen and request.POST.get("select_across") != "1":
            words = f"{chosen - there} 个所选对象不存在，或不在您的数据范围内"
            page.message_user(request, words, messages.ERROR)
            if not there:
                return None
        return action(page, request, queryset)

    return run


def within(queryset, user, permission: str):
    """The rows of `queryset` that `permission` lets `user` reach; itself when that is all."""
    return import_string(settings.BACK_OFFICE_SCOPE)(queryset, user, permission)
