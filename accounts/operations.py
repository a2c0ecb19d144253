"""What a request did, in the words of the operation log: "user:disable" of user 7."""

from dataclasses import dataclass, replace
from functools import cache

from django.apps import apps
from django.contrib import admin
from django.db.models import Model

# Verbs of the log for actions and pages that are named otherwise.
_VERBS = {
    "files": "clean_files",
    "add": "create",
    "change": "update",
    "changelist": "update",
    "partial_update": "update",
    "destroy": "delete",
    "delete_selected": "delete",
}
# The same of pages that were only looked at.
_LOOKS = {"change": "view", "changelist": "list"}
_BACK_OFFICE = "back_office"
# The log's names for what our models call otherwise.
_TARGETS = {
    "cachepurge": "cache",
    "config": "system",
    "periodictask": "task",
    "loginsession": "session",
    "timeslot": "slot",
    "notificationtemplate": "template",
}


@dataclass(frozen=True)
class Operation:
    """module: the app.  target_id: several are joined by commas."""

    module: str
    operation: str
    target_type: str = ""
    target_id: str = ""


def operation_of(request) -> Operation:
    """Of a write that was routed somewhere; whatever is unknown reads as such, nothing raises."""
    match = request.resolver_match
    if match is None:
        return Operation("unknown", "unknown")
    if match.app_names[:1] == ["admin"]:
        return _of_back_office(request, match)
    return _of_api(request, match)


def model_of(request) -> type[Model] | None:
    """What a routed write is about, as far as its page or view says so."""
    match = request.resolver_match
    if match is None:
        return None
    if match.app_names[:1] == ["admin"]:
        prefix = _prefix(match)
        if prefix is None:
            return None
        app, model = _pages()[prefix]
        return apps.all_models[app].get(model)  # the page of parameters is about none
    view = getattr(match.func, "cls", None)
    meta = getattr(getattr(view, "serializer_class", None), "Meta", None)
    return getattr(meta, "model", None)


def _prefix(match) -> str | None:
    name = match.url_name or "index"
    return next((prefix for prefix in _pages() if name.startswith(f"{prefix}_")), None)


def _of_back_office(request, match) -> Operation:
    name, prefix = match.url_name or "index", _prefix(match)
    if prefix is None:
        return Operation(_BACK_OFFICE, f"{_BACK_OFFICE}:{name}"[:64])
    app, model = _pages()[prefix]
    verb, ids = name.removeprefix(f"{prefix}_"), [str(match.kwargs.get("object_id", ""))]
    if verb == "changelist" and request.POST.get("action"):
        verb, ids = request.POST["action"], request.POST.getlist("_selected_action")
    if request.method == "GET":
        verb = _LOOKS.get(verb, verb)
    done = _operation(app, model, verb, ",".join(ids))
    return replace(done, operation="data:export") if verb.startswith("export") else done


def _of_api(request, match) -> Operation:
    """A view says `log_target = "user"` where the path does not say it: /user/7/disable, and
    `log_operations = {action: name}` where the log has a name of its own for an action."""
    view = getattr(match.func, "cls", None)
    action = getattr(match.func, "actions", {}).get(request.method.lower(), request.method.lower())
    segment = next((part for part in request.path_info.split("/")[2:] if part not in _VERSIONS), "")
    target = getattr(view, "log_target", "") or segment.replace("-", "_")
    module = view.__module__.partition(".")[0] if view else "unknown"
    done = _operation(module, target, action, str(match.kwargs.get("pk", "")))
    named = getattr(view, "log_operations", {}).get(action)
    return replace(done, operation=named) if named else done


_VERSIONS = {"", "v1"}


def _operation(module: str, target: str, verb: str, target_id: str) -> Operation:
    target = _TARGETS.get(target, target)
    return Operation(
        module[:32], f"{target}:{_VERBS.get(verb, verb)}"[:64], target[:32], target_id[:64]
    )


@cache
def _pages() -> dict[str, tuple[str, str]]:
    """The route prefix of every model in the back office; the longest first."""
    options = [model._meta for model in admin.site._registry]
    pages = {f"{o.app_label}_{o.model_name}": (o.app_label, o.model_name) for o in options}
    return dict(sorted(pages.items(), key=lambda page: -len(page[0])))
