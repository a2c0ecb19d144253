"""Asking for the password once more before what is sensitive; what was posted goes on afterwards.

The moment of the last confirmation is kept in the back office's own session, with the password's
hash: another password makes it worthless.  Logging in is the first confirmation.
"""

from datetime import UTC, datetime

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.module_loading import import_string
from unfold.widgets import UnfoldAdminPasswordWidget

from config.errors import DomainError

KEPT = "confirmed"  # in the session
FIELD = "confirm_password"
_NOT_CARRIED = {FIELD, "csrfmiddlewaretoken"}


class ConfirmForm(forms.Form):
    confirm_password = forms.CharField(
        label="登录密码",
        strip=False,
        max_length=128,
        widget=UnfoldAdminPasswordWidget(
            attrs={"autocomplete": "current-password", "autofocus": True}
        ),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.refusal = user, None

    def clean_confirm_password(self):
        """Counted and logged by the service that settings.CONFIRM_PASSWORD names."""
        try:
            import_string(settings.CONFIRM_PASSWORD)(
                self.user, self.cleaned_data["confirm_password"]
            )
        except DomainError as refusal:
            self.refusal = refusal
            words = str(refusal) if refusal.status == 429 else "密码错误，请重试"
            raise forms.ValidationError(words) from None


def note_confirmation(request) -> None:
    """This login has just shown its password."""
    request.session[KEPT] = {
        "at": datetime.now(UTC).timestamp(),
        "hash": request.user.get_session_auth_hash(),
    }


def is_confirmed(request) -> bool:
    kept = request.session.get(KEPT)
    if not kept or kept["hash"] != request.user.get_session_auth_hash():
        return False
    return import_string(settings.STEP_UP_IS_RECENT)(datetime.fromtimestamp(kept["at"], UTC))


def ask_first(request, title: str) -> HttpResponse | None:
    """The page that asks for the password, or None when the request may go on.

    title: what is about to be done.  The page posts to the same address what was posted to it
    (no files), and the password, which the view behind never sees.
    """
    form = ConfirmForm(user=request.user)
    if FIELD in request.POST:
        form = ConfirmForm(request.POST, user=request.user)
        right = form.is_valid()
        _forget_password(request)
        if right:
            note_confirmation(request)
            return None
    elif is_confirmed(request):
        return None
    return _page(request, form, title)


def _forget_password(request) -> None:
    rest = request.POST.copy()
    del rest[FIELD]
    request.POST = rest


def _page(request, form: ConfirmForm, title: str) -> HttpResponse:
    context = admin.site.each_context(request) | {
        "title": "验证身份",
        "doing": title,
        "form": form,
        "posted": [
            (name, value)
            for name, values in request.POST.lists()
            if name not in _NOT_CARRIED
            for value in values
        ],
    }
    response = TemplateResponse(request, "admin/confirm.html", context)
    if form.refusal is not None and form.refusal.status == 429:
        response.status_code = 429
        response["Retry-After"] = str(form.refusal.data.get("retry_after", 1))
    return response
