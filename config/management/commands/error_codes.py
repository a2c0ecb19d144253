"""Write docs/error-codes.md, the list of everything the API refuses with."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext, override

from config.api.exceptions import GENERAL
from config.errors import DomainError

PAGE = settings.BASE_DIR / "docs" / "error-codes.md"
HEAD = """# Error codes

Every refusal answers `{"code", "message", "data", "request_id"}` with its HTTP status; the same
failure always has the same code. `message` is for a person (Chinese, or English with
`Accept-Language: en`); programs look at `code`. `data` is `null`, or what a client needs to go on;
for 10400 it names the fields: `{"field": ["why"]}`.

This page is written by `manage.py error_codes`; a test compares it with the code.
"""


class Command(BaseCommand):
    help = "Write docs/error-codes.md; --check only compares."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true")

    def handle(self, *args, check=False, **options):
        text = page()
        if check:
            if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
                raise CommandError(f"{PAGE.name} is out of date: run manage.py error_codes")
            return
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")


def page() -> str:
    parts = [HEAD, _section("General", _general_rows())]
    for config in apps.get_app_configs():
        if config.name != "config" and find_spec(f"{config.name}.errors"):
            module = import_module(f"{config.name}.errors")
            parts.append(_section(str(config.verbose_name), _rows(module)))
    return "\n".join(parts)


def _section(title: str, rows: list[tuple]) -> str:
    lines = ["| code | status | message | English | note |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(map(str, row))} |" for row in sorted(rows)]
    return f"## {title}\n\n" + "\n".join(lines) + "\n"


def _general_rows() -> list[tuple]:
    rows = {
        code: (code, status, *_texts(message), "") for status, (code, message) in GENERAL.items()
    }
    for row in _rows(import_module("config.errors")):
        rows.setdefault(row[0], row)
    return list(rows.values())


def _rows(module) -> list[tuple]:
    """The errors a module, or a package's parts, define; one that keeps the general code stands
    for its subclasses."""
    return [
        (error.code, error.status, *_texts(error.message), _note(error))
        for error in vars(module).values()
        if isinstance(error, type)
        and issubclass(error, DomainError)
        and error is not DomainError
        and f"{error.__module__}.".startswith(f"{module.__name__}.")
    ]


def _texts(message) -> tuple[str, str]:
    with override("zh-hans"):
        chinese = gettext(str(message))
    with override("en"):
        english = gettext(chinese) if isinstance(message, str) else str(message)
    return chinese, english


def _note(error) -> str:
    return " ".join((error.__doc__ or "").split()).replace("|", "\\|")
