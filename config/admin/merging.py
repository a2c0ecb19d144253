from django import forms
from django.db.models import Model
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminSelectWidget


def merge_form(model: type[Model]) -> type[ActionForm]:
    """Which row stays, `into`, beside the choice of action."""
    into = forms.ModelChoiceField(
        label="",
        queryset=model._default_manager.all(),
        required=False,
        empty_label="合并到…",
        widget=UnfoldAdminSelectWidget,
    )
    return type("MergeForm", (ActionForm,), {"into": into})
