"""Rules that the text of a file can break.  Each takes a Source and yields "line: what"."""

import ast
from collections.abc import Callable, Iterator

from tests.architecture.sources import PACKAGES, Source

MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 50
RULES: dict[str, Callable[[Source], Iterator[str]]] = {}

SERVICE_ROOMS = (
    "services", "models", "payables", "audit", "errors", "stats", "tasks", "channels", "gateways",
    "matching",
)  # fmt: skip
WRITERS = ("services", "tasks", "admin", "views", "payables")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def rule(check):
    RULES[check.__name__] = check
    return check


def problems(check, sources) -> list[str]:
    return [f"{source.path}:{problem}" for source in sources for problem in check(source)]


def _calls(tree) -> Iterator[tuple[ast.Call, str]]:
    """Calls with the last part of what is called: x.y.delay() is "delay"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, name_of(node.func)


def name_of(node) -> str:
    return getattr(node, "attr", None) or getattr(node, "id", "")


def _imports(tree) -> Iterator[tuple[int, str]]:
    """(line, dotted name); `from a import b` is a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def _keywords(call: ast.Call) -> set[str | None]:
    return {keyword.arg for keyword in call.keywords}


@rule
def tasks_leave_after_commit(source):
    """on_commit(task.delay, robust=True) names the method; nobody calls it."""
    for call, name in _calls(source.tree):
        if name in {"delay", "apply_async", "send_task"}:
            yield f"{call.lineno} calls .{name}()"


@rule
def on_commit_of_a_task_is_robust(source):
    """A broker that is down must not turn a committed success into a 500."""
    for call, name in _calls(source.tree):
        if name != "on_commit" or not call.args:
            continue
        sent = any(
            isinstance(node, ast.Attribute) and node.attr in {"delay", "apply_async"}
            for node in ast.walk(call.args[0])
        )
        if sent and "robust" not in _keywords(call):
            yield f"{call.lineno} on_commit() of a task without robust=True"


@rule
def fields_are_listed(source):
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and node.value == "__all__":
            yield f'{node.lineno} "__all__"'


@rule
def money_never_floats(source):
    for call, name in _calls(source.tree):
        if name in {"float", "FloatField"}:
            yield f"{call.lineno} {name}()"


@rule
def no_signals(source):
    """What happens next is written where it happens; post_migrate alone is Django's own affair."""
    for line, name in _imports(source.tree):
        django = name.startswith("django.") and ".signals." in name
        if django and not name.endswith(".post_migrate"):
            yield f"{line} {name}"
        if name in {"django.dispatch.receiver", "django.dispatch.Signal"}:
            yield f"{line} {name}"


@rule
def services_know_no_rest_framework(source):
    if not source.in_room(*SERVICE_ROOMS):
        return
    for line, name in _imports(source.tree):
        if name.split(".")[0] in {"rest_framework", "drf_spectacular", "django_filters"}:
            yield f"{line} imports {name}"
        if name.startswith("config.api."):
            yield f"{line} imports {name}"


@rule
def nobody_imports_views(source):
    if source.in_room("urls"):
        return
    for line, name in _imports(source.tree):
        package, _, rest = name.partition(".")
        if package not in PACKAGES or rest.split(".")[0] not in {"views", "urls"}:
            continue
        if not source.in_room("views"):  # one may extend a view of a lower app
            yield f"{line} imports {name}"


@rule
def rooms_look_down(source):
    """views, admin, tasks -> services -> models -> errors, inside one app."""
    below = {
        "services": {"views", "serializers", "admin", "urls", "filters"},
        "models": {"views", "serializers", "admin", "urls", "filters", "services", "tasks"},
        "errors": {"views", "serializers", "admin", "urls", "services", "models", "tasks"},
        "tasks": {"views", "serializers", "admin", "urls"},
    }
    for room, forbidden in below.items():
        if not source.in_room(room):
            continue
        for line, name in _imports(source.tree):
            parts = name.split(".")
            if parts[0] == source.package and len(parts) > 1 and parts[1] in forbidden:
                yield f"{line} {room} imports {name}"


@rule
def saves_name_their_fields(source):
    """A whole-row save() of an existing row undoes what others wrote meanwhile."""
    if not source.in_room(*WRITERS):
        return
    for function in ast.walk(source.tree):
        if not isinstance(function, FUNCTIONS):
            continue
        made_here = {
            name_of(target)
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
            if name_of(node.value.func)[:1].isupper()
            for target in node.targets
        }
        for call, name in _calls(function):
            if name != "save" or not isinstance(call.func, ast.Attribute):
                continue
            owner = call.func.value
            if isinstance(owner, ast.Call) and name_of(owner.func) == "super":
                continue
            named = _keywords(call) & {"update_fields", "force_insert"}
            if not named and name_of(owner) not in made_here | {"serializer", "form", "formset"}:
                yield f"{call.lineno} {name_of(owner)}.save() without update_fields"


@rule
def status_moves_through_move(source):
    if not source.in_room(*WRITERS):
        return
    for node in ast.walk(source.tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr == "status":
                yield f"{node.lineno} assigns .status"


@rule
def services_retry_deadlocks(source):
    """@transact, not @transaction.atomic: the outermost transaction of a service is retried."""
    if not source.in_room("services"):
        return
    for function in ast.walk(source.tree):
        for decorator in getattr(function, "decorator_list", ()):
            inner = decorator.func if isinstance(decorator, ast.Call) else decorator
            if name_of(inner) == "atomic":
                yield f"{function.lineno} {function.name} is decorated with atomic"


@rule
def admin_actions_name_permissions(source):
    if not source.in_room("admin"):
        return
    for node in ast.walk(source.tree):
        for decorator in getattr(node, "decorator_list", ()):
            call = decorator if isinstance(decorator, ast.Call) else None
            if name_of(call.func if call else decorator) != "action":
                continue
            if call is None or "permissions" not in _keywords(call):
                yield f"{node.lineno} action {node.name} without permissions="


@rule
def files_are_short(source):
    lines = source.text.count("\n")
    if lines > MAX_FILE_LINES:
        yield f"1 {lines} lines"


@rule
def functions_are_short(source):
    for node in ast.walk(source.tree):
        if isinstance(node, FUNCTIONS):
            lines = node.end_lineno - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{node.lineno} {node.name} has {lines} lines"


@rule
def nobody_prints(source):
    for call, name in _calls(source.tree):
        if name == "print" and isinstance(call.func, ast.Name):
            yield f"{call.lineno} print()"


@rule
def production_code_knows_no_tests(source):
    if source.path == "config/management/commands/bench.py":
        return
    for line, name in _imports(source.tree):
        if name.split(".")[0] == "tests":
            yield f"{line} imports {name}"


@rule
def conditional_uniqueness_is_a_generated_column(source):
    """MariaDB leaves a UniqueConstraint(condition=...) out without a word."""
    for call, name in _calls(source.tree):
        forbidden = _keywords(call) & {"condition", "include", "deferrable", "nulls_distinct"}
        if name == "UniqueConstraint" and forbidden:
            yield f"{call.lineno} UniqueConstraint({', '.join(sorted(map(str, forbidden)))}=)"


@rule
def sets_of_rows_are_locked_by_locked(source):
    """select_for_update(of=, skip_locked=, no_key=) differ per database; config.db knows how."""
    if source.path == "config/db.py":
        return
    for call, name in _calls(source.tree):
        if name == "select_for_update" and _keywords(call) & {"of", "no_key"}:
            yield f"{call.lineno} select_for_update() with vendor options"
