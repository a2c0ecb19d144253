"""Who gets in, and with which password."""

import time

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.module_loading import import_string
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm

from config.admin.step_up import note_confirmation
from config.errors import DomainError

HALF_WAY = "half_way"  # the session's key
HALF_WAY_SECONDS = 300


class LoginForm(AuthenticationForm):
    """Staff log in by username, phone or email; every refusal reads the same.

    otp: asked for only when too many guesses have been made, to let the owner in all the same.
    """

    otp = forms.CharField(max_length=32, required=False)
    error_messages = dict.fromkeys(
        ("invalid_login", "inactive"), "账号或密码错误，或没有进入后台的权限"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "账号"
        self.fields["username"].widget.attrs["placeholder"] = "用户名、手机号或邮箱"
        otp = self.fields["otp"]
        otp.label = "两步验证码（已开启两步验证的账号可填写，以便继续登录）"
        otp.widget.attrs |= {
            "class": self.fields["username"].widget.attrs["class"],
            "autocomplete": "one-time-code",
        }

    def clean(self):
        """A refusal of the business (too many attempts) is shown in its own words."""
        given = {name: self.cleaned_data.get(name, "") for name in ("username", "password", "otp")}
        try:
            self.user_cache = authenticate(self.request, **given)
        except DomainError as refusal:
            self.request.login_refusal = refusal
            raise ValidationError(str(refusal)) from None
        if self.user_cache is None:
            raise self.get_invalid_login_error()
        self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


class PasswordStep(LoginView):
    """The first page.  Somebody with a second factor is not logged in by it, only half way."""

    def form_valid(self, form):
        user = form.get_user()
        if not getattr(user, "awaits_otp", False):
            response = super().form_valid(form)
            note_confirmation(self.request)
            return response
        self.request.session.flush()  # a new key, and nothing of whoever was logged in before
        self.request.session[HALF_WAY] = {
            "user": user.pk,
            "hash": user.get_session_auth_hash(),
            "until": time.time() + HALF_WAY_SECONDS,
            "next": self.get_success_url(),
        }
        return HttpResponseRedirect(reverse("admin:login_code"))


class PasswordForm(AdminOwnPasswordChangeForm):
    """Saves by the service that settings.CHANGE_PASSWORD names: it ends the person's logins."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = (
            "至少 15 位（开启两步验证后 12 位），不能是常见密码、最近 5 次用过的密码，"
            "也不能与用户名、昵称等个人信息相似"
        )

    def clean(self):
        """Changes it here already: the service's refusals belong into the form."""
        data = super().clean()
        if self.errors:
            return data
        change = import_string(settings.CHANGE_PASSWORD)
        try:
            change(
                self.user.pk,
                old=data["old_password"],
                new=data["new_password1"],
                keep_session=0,
            )
        except DomainError as refusal:
            self.add_error("new_password1", refusal.data.get("password") or str(refusal))
        return data

    def save(self, commit=True):
        self.user.refresh_from_db()
        return self.user
