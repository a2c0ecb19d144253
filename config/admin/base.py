"""What the back office's pages of every app share; every move goes through the services."""

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.module_loading import import_string
from unfold.admin import ModelAdmin, TabularInline

from config.admin.columns import badge, column_for
from config.admin.filters import DayRangeFilter
from config.admin.scope import ScopedAdmin
from config.admin.step_up import ask_first
from config.changes import note_change, note_deleted
from config.errors import DomainError


class ReadOnly:
    """Put before an admin or inline class: look, never touch."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ReadOnlyInline(ReadOnly, TabularInline):
    extra = 0
    can_delete = False

    def get_fields(self, request, obj=None):
        return [_column(self, name) for name in super().get_fields(request, obj)]

    def get_readonly_fields(self, request, obj=None):
        """Everything in `fields`: Django would still build a form of what it only shows."""
        shown = [_column(self, name) for name in self.fields or ()]
        return [*super().get_readonly_fields(request, obj), *shown]


class BackOfficeAdmin(ScopedAdmin, ModelAdmin):
    """Back-office defaults: no COUNT(*) over whole tables; actions go through services.

    Lists colour states and write yuan by themselves; a date in list_filter becomes a range of
    days.  An object whose status moves by a table shows its moves below the form.

    secret_lookups: columns whose rows nobody may look for by ?column=….

    step_up: actions by name, and "add", "change", "delete" for the forms, before which whoever is
    logged in gives the password again, unless they did of late.
    """

    step_up: frozenset[str] = frozenset()
    secret_lookups: frozenset[str] = frozenset()

    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # one COUNT per choice of every filter
    list_per_page = 50
    list_fullwidth = True
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True
    change_form_outer_after_template = "admin/status_history.html"

    def get_list_display(self, request):
        editable = self.list_editable
        return [
            name if name in editable else _column(self, name)
            for name in super().get_list_display(request)
        ]

    def get_list_filter(self, request):
        return [self._filter(entry) for entry in super().get_list_filter(request)]

    def _filter(self, entry):
        try:
            field = self.model._meta.get_field(entry) if isinstance(entry, str) else None
        except FieldDoesNotExist:
            return entry
        return (entry, DayRangeFilter) if isinstance(field, models.DateTimeField) else entry

    def lookup_allowed(self, lookup, value, request):
        """Django allows any relation: people?review=7 would tell who wrote review 7."""
        name = lookup.partition("__")[0]
        try:
            field = self.model._meta.get_field(name)
        except FieldDoesNotExist:
            return super().lookup_allowed(lookup, value, request)
        offered = {entry[0] if isinstance(entry, tuple) else entry for entry in self.list_filter}
        if name in self.secret_lookups or not (field.concrete or lookup in offered):
            return False
        return super().lookup_allowed(lookup, value, request)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None and hasattr(obj, "TRANSITIONS"):
            context["status_history"] = _status_history(obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def construct_change_message(self, request, form, formsets, add=False):
        """Called once a form is saved: the operation log gets what it changed."""
        rows = [form, *(row for formset in formsets or () for row in formset.forms)]
        for row in rows:
            if row.instance.pk is not None and row.has_changed():
                before = {} if add else row.initial
                note_change(
                    row.instance,
                    {n: (before.get(n), row.cleaned_data.get(n)) for n in row.changed_data},
                )
        return super().construct_change_message(request, form, formsets, add)

    def log_deletions(self, request, queryset):
        """Called before rows are deleted: the operation log gets what they were."""
        for row in queryset:
            note_deleted(row)
        return super().log_deletions(request, queryset)

    def changelist_view(self, request, extra_context=None):
        page = self._ask_first(request, self._chosen_actions)
        return page or super().changelist_view(request, extra_context)

    def changeform_view(self, request, object_id=None, *args, **kwargs):
        """What a service refuses while a form is saved is said above it; nothing is kept."""
        page = self._ask_first(request, self._form_to_save, object_id)
        if page is not None:
            return page
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except DomainError as error:
            return self._refused(request, error)

    def delete_view(self, request, object_id, *args, **kwargs):
        page = self._ask_first(request, self._row_to_delete, object_id)
        if page is not None:
            return page
        try:
            return super().delete_view(request, object_id, *args, **kwargs)
        except DomainError as error:
            return self._refused(request, error)

    def _ask_first(self, request, what, *args) -> HttpResponse | None:
        """A page before what `what` names of self.step_up; who may not do it is not asked."""
        if request.method != "POST" or not self.step_up:
            return None
        title = what(request, *args)
        return ask_first(request, title) if title else None

    def _chosen_actions(self, request) -> str:
        """In words.  All that were posted: which of several Django runs is its own affair."""
        sent = sorted(self.step_up.intersection(request.POST.getlist("action")))
        offered = self.get_actions(request) if sent else {}
        rows = len(request.POST.getlist(ACTION_CHECKBOX_NAME))
        return "、".join(f"{offered[name][2]}（{rows} 条）" for name in sent if name in offered)

    def _form_to_save(self, request, object_id) -> str:
        name = self.opts.verbose_name
        if object_id is None:
            wanted = "add" in self.step_up and self.has_add_permission(request)
            return f"新建{name}" if wanted else ""
        row = self.get_object(request, object_id) if "change" in self.step_up else None
        return f"修改{name}“{row}”" if row and self.has_change_permission(request, row) else ""

    def _row_to_delete(self, request, object_id) -> str:
        row = self.get_object(request, object_id) if "delete" in self.step_up else None
        if row is None or not self.has_delete_permission(request, row):
            return ""
        return f"删除{self.opts.verbose_name}“{row}”"

    def _refused(self, request, error: DomainError):
        self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def call_each(self, request, queryset, service, **kwargs):
        """Call service(pk, actor=user) per selected row; show how many worked and which refused."""
        done = 0
        for obj in queryset:
            try:
                service(obj.pk, actor=request.user, **kwargs)
            except DomainError as error:
                self.message_user(request, f"{obj}：{error}", messages.ERROR)
            else:
                done += 1
        if done:
            self.message_user(request, f"已处理 {done} 条", messages.SUCCESS)


def _column(page, name):
    return column_for(page.model, name) if isinstance(name, str) else name


def _status_history(obj) -> list[dict]:
    """The moves of obj.status, oldest first, in words."""
    words = dict(obj._meta.get_field(getattr(obj, "STATE", "status")).flatchoices)
    return [
        {
            "at": change.created_at,
            "old": badge(change.old, words.get(change.old, change.old)),
            "new": badge(change.new, words.get(change.new, change.new)),
            "actor": change.actor or "系统",
            "reason": change.reason,
        }
        for change in import_string(settings.STATUS_HISTORY)(obj)
    ]
