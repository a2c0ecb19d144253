"""The back office: our base, permissions on every action, nothing editable that a service owns."""

import inspect

import pytest
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db import models

from config.admin.base import BackOfficeAdmin
from tests.architecture.sources import PACKAGES

# Unfold's actions stand in four more places than Django's.
ACTION_LISTS = ("actions", "actions_list", "actions_row", "actions_detail", "actions_submit_line")
# Other people's pages that we took over as they are.
FOREIGN = {"auth.group", "constance.config"}
REGISTERED = sorted(admin.site._registry.items(), key=lambda entry: entry[0]._meta.label_lower)
OURS = [entry for entry in REGISTERED if entry[0]._meta.app_label in PACKAGES]
IDS = [model._meta.label_lower for model, _ in OURS]


def open_actions(model_admin: ModelAdmin) -> list[str]:
    """Actions that whoever sees the page may run."""
    found = []
    for name in _action_names(model_admin):
        function = getattr(model_admin, name, None) if isinstance(name, str) else name
        if function is None or getattr(function, "__name__", "") == "delete_selected":
            continue
        if not getattr(function, "allowed_permissions", None):
            found.append(f"{type(model_admin).__name__}.{name}")
    return found


def _action_names(model_admin):
    for attribute in ACTION_LISTS:
        for entry in getattr(model_admin, attribute, None) or ():
            yield from entry["items"] if isinstance(entry, dict) else [entry]


def impossible_permissions(model_admin: ModelAdmin) -> list[str]:
    """permissions=["cancel"] without has_cancel_permission() is an error only when clicked."""
    found = []
    for name in _action_names(model_admin):
        function = getattr(model_admin, name, None) if isinstance(name, str) else name
        for permission in getattr(function, "allowed_permissions", None) or ():
            method = f"has_{permission}_permission"
            if "." not in permission and not callable(getattr(model_admin, method, None)):
                found.append(f"{type(model_admin).__name__}.{method}")
    return found


def needs_autocomplete(model_admin: ModelAdmin) -> list[str]:
    """Editable foreign keys shown as a <select> of every row there is."""
    chosen = {*model_admin.autocomplete_fields, *model_admin.raw_id_fields}
    fixed = set(model_admin.readonly_fields) | set(model_admin.exclude or ())
    listed = model_admin.fields and {
        name
        for entry in model_admin.fields
        for name in ([entry] if isinstance(entry, str) else entry)
    }
    return [
        f"{type(model_admin).__name__}.{field.name}"
        for field in model_admin.model._meta.fields
        if isinstance(field, models.ForeignKey) and field.editable
        if field.name not in chosen | fixed
        if listed is None or field.name in listed
        if field.related_model._meta.model_name in {"user", "order", "payment", "appointment"}
    ]


def test_every_model_of_ours_with_a_page_uses_our_base():
    assert [
        model._meta.label for model, model_admin in OURS
        if not isinstance(model_admin, BackOfficeAdmin)
    ] == []  # fmt: skip


def test_pages_of_other_packages_are_known():
    foreign = {model._meta.label_lower for model, _ in REGISTERED} - set(IDS)
    assert {label for label in foreign if not label.startswith("django_celery_beat.")} <= FOREIGN


@pytest.mark.parametrize(("model", "model_admin"), OURS, ids=IDS)
def test_every_action_names_its_permission(model, model_admin):
    assert open_actions(model_admin) == []
    assert impossible_permissions(model_admin) == []


@pytest.mark.parametrize(("model", "model_admin"), OURS, ids=IDS)
def test_a_status_with_a_table_of_moves_is_never_typed_in(model, model_admin, rf, staff):
    if not hasattr(model, "TRANSITIONS"):
        return
    request = rf.get("/admin/")
    request.user = staff("super_admin")
    row = model(pk=1)

    if not model_admin.has_change_permission(request, row):
        return
    readonly = set(model_admin.get_readonly_fields(request, row))
    shown = {
        name
        for _, options in model_admin.get_fieldsets(request, row)
        for entry in options["fields"]
        for name in ([entry] if isinstance(entry, str) else entry)
    }
    assert "status" in readonly or "status" not in shown
    assert "status" not in model_admin.list_editable


@pytest.mark.parametrize(("model", "model_admin"), OURS, ids=IDS)
def test_large_relations_are_looked_up_not_listed(model, model_admin):
    if model_admin.has_change_permission.__func__ is not ModelAdmin.has_change_permission:
        return  # read-only pages show text
    assert needs_autocomplete(model_admin) == []


@pytest.mark.parametrize(("model", "model_admin"), OURS, ids=IDS)
def test_pages_keep_no_state_on_the_shared_admin(model, model_admin):
    """One instance serves all threads: a method that assigns to self leaks between requests."""
    for name, function in inspect.getmembers(type(model_admin), inspect.isfunction):
        if function.__module__.split(".")[0] in PACKAGES and name != "__init__":
            source = inspect.getsource(function)
            assert "self.form =" not in source, name
            assert "self.request =" not in source, name


def test_an_open_action_is_noticed():
    class Careless(BackOfficeAdmin):
        actions = ["refund"]
        actions_detail = ["close"]

        def refund(self, request, queryset): ...

        @admin.action(description="关闭", permissions=["close"])
        def close(self, request, object_id): ...

    careless = Careless(OURS[0][0], admin.site)

    assert open_actions(careless) == ["Careless.refund"]
    assert impossible_permissions(careless) == ["Careless.has_close_permission"]
