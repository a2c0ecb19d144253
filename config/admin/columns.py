"""How values look in lists: coloured states, yuan, masked numbers."""

from collections.abc import Callable, Mapping
from functools import cache, reduce

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import display

# What a state means to the person who reads the list, whatever the model.
_MEANING = {
    "success": (
        "active", "approved", "booked", "completed", "confirmed", "on_sale", "paid", "published",
        "ready", "delivered", "sent", "succeeded", "success", "upheld", "uploaded", "verified",
        "visible",
    ),
    "info": ("held", "in_progress", "open", "processing", "sending", "shipped", "uploading"),
    "warning": (
        "answered", "closing", "confirming", "pending", "pending_payment", "refunding", "requested",
        "reviewing", "waiting",
    ),
    "danger": (
        "disabled", "failed", "hidden", "no_show", "refused", "rejected", "suspended",
        "undeliverable", "undelivered", "forged", "ledger", "mismatch", "refund_failed",
        "unknown_number", "double", "late",
    ),
}  # fmt: skip
COLOURS = {state: colour for colour, states in _MEANING.items() for state in states}


def yuan(amount) -> str:
    """¥1,234.50; a dash when there is none."""
    return "-" if amount is None else f"¥{amount:,.2f}"


def masked(path: str, description: str, mask: Callable[[str | None], str]):
    """A column that shows what config.masking makes of a text; path: as user__phone.

    An attribute of the page or a list's entry.
    """

    @display(description=description)
    def column(*page_and_object):
        return mask(reduce(getattr, path.split("__"), page_and_object[-1])) or "-"

    column.__name__ = path
    return column


def in_words(name: str, description: str, words: Mapping[str, str]):
    """A column of codes, said in words; a code without any stays as it is."""

    @display(description=description, ordering=name)
    def column(*page_and_object):
        value = getattr(page_and_object[-1], name)
        return words.get(value, value) or "-"

    column.__name__ = name
    return column


def model_name(label: str) -> str:
    """订单 for commerce.order; a label that is none (any more) stays as it is."""
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except (LookupError, ValueError):
        return label


@cache
def column_for(model: type[models.Model], name: str):
    """The column that shows a field better than its bare name would, else the name.

    A status is a coloured label; amounts in yuan have a sign and commas.
    """
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    if name == "status" and field.choices:
        return _state(field)
    if isinstance(field, models.DecimalField) and "(元)" in str(field.verbose_name):
        return _money(field)
    return name


def badge(value: str, text: str) -> SafeString:
    """A state as a coloured label, for lists and forms alike."""
    return coloured(text, COLOURS.get(value, "default"))


def coloured(text: str, look: str) -> SafeString:
    """look: default, info, success, warning or danger."""
    context = {"text": text, "type": look}
    return mark_safe(render_to_string("unfold/helpers/label.html", context))


def _state(field):
    labels = dict(field.flatchoices)

    @display(description=field.verbose_name, ordering=field.name)
    def column(obj):
        value = getattr(obj, field.name)
        return badge(value, labels.get(value, value))

    column.__name__ = field.name
    return column


def _money(field):
    title = str(field.verbose_name).replace("(元)", "")

    @display(description=title, ordering=field.name)
    def column(obj):
        return yuan(getattr(obj, field.name))

    column.__name__ = field.name
    return column
