"""The second page of the login, and everybody's own page of their second factor."""

import time

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from accounts import totp
from accounts.backends import back_office_device
from accounts.models import SecondFactor, User
from accounts.services import second_factor
from accounts.services.login_log import log_attempt
from accounts.services.parameters import parameter
from config.admin.login import HALF_WAY
from config.admin.step_up import note_confirmation
from config.errors import DomainError
from config.masking import mask_account

BACKEND = "accounts.backends.RoleBackend"


def pages(site) -> list:
    """settings.BACK_OFFICE_PAGES: routes beside the models' own."""
    own = {
        "": (show, "second_factor"),
        "begin/": (begin, "second_factor_begin"),
        "enrol/": (enrol, "second_factor_enrol"),
        "codes/": (renew_codes, "second_factor_codes"),
        "remove/": (remove, "second_factor_remove"),
    }
    routes = [
        path(f"second-factor/{part}", site.admin_view(_page(site, view)), name=name)
        for part, (view, name) in own.items()
    ]
    return [path("login/code/", _page(site, code_step), name="login_code"), *routes]


def _page(site, view):
    @never_cache
    @csrf_protect
    @sensitive_post_parameters()
    def page(request):
        return view(site, request)

    return page


def _otp(label: str = "验证码"):
    return forms.CharField(
        label=label,
        max_length=32,
        help_text="验证器应用显示的 6 位数字，或一个恢复码",
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "placeholder": "000000"}
        ),
    )


def _password():
    return forms.CharField(
        label="登录密码",
        max_length=128,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )


class OtpForm(forms.Form):
    otp = _otp()


class PasswordForm(forms.Form):
    password = _password()


class RemoveForm(forms.Form):
    password = _password()
    otp = _otp()


def code_step(site, request):
    """Nobody is logged in yet: the session knows only whose password was right."""
    half_way = request.session.get(HALF_WAY)
    user = _half_way_user(half_way)
    if user is None:
        request.session.pop(HALF_WAY, None)
        return HttpResponseRedirect(reverse("admin:login"))
    request.login_user = user  # for the operation log
    form = OtpForm(request.POST or None)
    refusal = None
    if form.is_valid():
        refusal = _attempt(form, lambda: second_factor.verify(user, form.cleaned_data["otp"]))
        account, device = (
            mask_account(user.username or user.phone or ""),
            back_office_device(request),
        )
        log_attempt(user, "back_office", account, device, refusal)
        if refusal is None:
            login(request, user, backend=BACKEND)  # a new session key
            note_confirmation(request)
            del request.session[HALF_WAY]
            return HttpResponseRedirect(half_way["next"])
    context = site.each_context(request) | {"title": "两步验证", "form": form}
    return _answer(TemplateResponse(request, "admin/login_code.html", context), refusal)


def _half_way_user(half_way: dict | None) -> User | None:
    """Who it was, unless that is too long ago, or their password has changed meanwhile."""
    if half_way is None or half_way["until"] < time.time():
        return None
    user = User.objects.filter(pk=half_way["user"]).first()
    fits = user and user.is_active and user.is_staff
    return user if fits and user.get_session_auth_hash() == half_way["hash"] else None


def show(site, request):
    factor = SecondFactor.objects.filter(user=request.user).first()
    context = {
        "title": "两步验证",
        "since": factor.confirmed_at if factor else None,
        "left": second_factor.recovery_codes_left(request.user),
        "required": parameter("STAFF_TOTP_REQUIRED"),
    }
    return TemplateResponse(
        request, "admin/second_factor.html", site.each_context(request) | context
    )


def begin(site, request):
    on = second_factor.is_on(request.user)
    form = (OtpForm if on else PasswordForm)(request.POST or None)
    refusal = None
    if form.is_valid():
        refusal = _attempt(
            form, lambda: second_factor.begin_enrolment(request.user, **form.cleaned_data)
        )
        if refusal is None:
            return HttpResponseRedirect(reverse("admin:second_factor_enrol"))
    title = "更换验证器" if on else "开启两步验证"
    words = "请先用现在的验证器确认是您本人。" if on else "请先输入登录密码，确认是您本人。"
    return _form_page(site, request, form, refusal, title=title, words=words, button="继续")


def enrol(site, request):
    """The QR code, and the first code as the proof that an app has read it."""
    secret = second_factor.pending_secret(request.user)
    if secret is None:
        messages.warning(request, "设置已过期，请重新开始")
        return HttpResponseRedirect(reverse("admin:second_factor"))
    form = OtpForm(request.POST or None)
    form.fields["otp"].help_text = "验证器应用显示的 6 位数字"
    refusal = None
    if form.is_valid():
        codes, refusal = _try_for_codes(request, form, second_factor.confirm_enrolment)
        if refusal is None:
            # Every login has just ended, this one goes on.
            update_session_auth_hash(request, User.objects.get(pk=request.user.pk))
            return _show_codes(site, request, codes)
    uri = totp.provisioning_uri(secret, request.user.get_username() or str(request.user.pk))
    return _form_page(
        site, request, form, refusal,
        title="扫描二维码",
        words="用验证器应用（如微信小程序“腾讯身份验证器”、Microsoft Authenticator）扫描，"
        "再输入它显示的验证码。",
        button="完成",
        qr_code=segno.make(uri, error="m").svg_data_uri(scale=5, border=3, light="#fff"),
        typed_key=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    )  # fmt: skip


def renew_codes(site, request):
    form = OtpForm(request.POST or None)
    refusal = None
    if form.is_valid():
        codes, refusal = _try_for_codes(request, form, second_factor.renew_recovery_codes)
        if refusal is None:
            return _show_codes(site, request, codes)
    return _form_page(
        site, request, form, refusal,
        title="重新生成恢复码",
        words="新的恢复码生成后，原来的恢复码全部失效。",
        button="生成",
    )  # fmt: skip


def remove(site, request):
    form = RemoveForm(request.POST or None)
    refusal = None
    if form.is_valid():
        refusal = _attempt(form, lambda: second_factor.remove(request.user, **form.cleaned_data))
        if refusal is None:
            messages.success(request, "两步验证已关闭")
            return HttpResponseRedirect(reverse("admin:second_factor"))
    return _form_page(
        site, request, form, refusal,
        title="关闭两步验证",
        words="关闭后，只凭密码就能登录您的账号。",
        button="关闭",
        danger=True,
    )  # fmt: skip


def _attempt(form: forms.Form, service) -> DomainError | None:
    """Call service(); what it refuses is said at the field it is about."""
    try:
        service()
    except DomainError as refusal:
        about_password = "old_password" in refusal.data and "password" in form.fields
        form.add_error("password" if about_password else list(form.fields)[-1], str(refusal))
        return refusal
    return None


def _try_for_codes(request, form, service) -> tuple[list[str], DomainError | None]:
    """The recovery codes of service(user, otp), or why there are none."""
    codes: list[str] = []
    refusal = _attempt(form, lambda: codes.extend(service(request.user, form.cleaned_data["otp"])))
    return codes, refusal


def _form_page(site, request, form, refusal, **context):
    context = site.each_context(request) | context | {"form": form}
    response = TemplateResponse(request, "admin/second_factor_form.html", context)
    return _answer(response, refusal)


def _show_codes(site, request, codes: list[str]):
    """Once: they are not kept.  No TemplateResponse, which the operation log takes for a page."""
    context = site.each_context(request) | {"title": "恢复码", "codes": codes}
    return render(request, "admin/second_factor_codes.html", context)


def _answer(response, refusal: DomainError | None):
    """Too many wrong codes are 429; what is wrong otherwise the page says."""
    wait = refusal.data.get("retry_after") if refusal else None
    if wait:
        response.status_code, response["Retry-After"] = refusal.status, str(wait)
    return response
