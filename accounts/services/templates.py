"""The words of notices."""

import re

from accounts.models import NotificationTemplate
from config.memo import memo

_NAME = re.compile(r"\{(\w+)\}")


@memo(1)
def find_template(code: str) -> NotificationTemplate:
    """The template of that code; templates are seeded by migrations and edited by staff."""
    return NotificationTemplate.objects.get(code=code)


@memo(1)
def all_templates() -> dict[str, NotificationTemplate]:
    """By their codes; a few dozen."""
    return {row.code: row for row in NotificationTemplate.objects.all()}


def codes_of(kind: str) -> list[str]:
    return [code for code, row in all_templates().items() if row.kind == kind]


def render(text: str, context: dict) -> str:
    """Fill in {name}.  A name the context lacks prints as nothing and a stray brace as itself: no
    payment fails over a word."""
    return _NAME.sub(lambda match: str(context.get(match[1], "")), text)


def title_of(code: str) -> str:
    """What people call a notice; its code when the template is gone."""
    template = all_templates().get(code)
    return template.title if template else code
