from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from unfold.decorators import action

from accounts.errors import (
    AccountDisabled,
    BadCredentials,
    CodeInvalid,
    NotStaff,
    OtpInvalid,
    OtpRequired,
    TooManyAttempts,
    TooManyOtps,
)
from accounts.models import LoginLog, LoginSession, WeChatIdentity
from accounts.services.login_log import METHODS
from accounts.services.users import end_session
from config.admin import BackOfficeAdmin, ReadOnly, in_words, masked
from config.masking import mask_key

ENDINGS = {
    "deleted": "账号注销",
    "device": "本人移除设备",
    "disabled": "账号停用",
    "limit": "超过登录设备上限",
    "logout": "退出登录",
    "merged": "登录方式转移",
    "password": "修改密码",
    "reuse": "令牌被重复使用",
    "second_factor": "两步验证变更",
    "staff": "管理员撤销",
}


class MethodFilter(SimpleListFilter):
    """The ways in there are: asking the log itself would read all of it."""

    title, parameter_name = "登录方式", "method"

    def lookups(self, request, model_admin):
        return METHODS.items()

    def queryset(self, request, queryset):
        return queryset.filter(method=self.value()) if self.value() else queryset


class ReasonFilter(SimpleListFilter):
    """Which factor failed."""

    title, parameter_name = "原因", "why"
    REASONS = {
        "password": ("密码或账号", (BadCredentials,)),
        "guesses": ("次数过多", (TooManyAttempts, TooManyOtps)),
        "code": ("短信验证码", (CodeInvalid,)),
        "otp": ("两步验证", (OtpRequired, OtpInvalid)),
        "account": ("账号停用或无权限", (AccountDisabled, NotStaff)),
    }

    def lookups(self, request, model_admin):
        return [(key, words) for key, (words, _) in self.REASONS.items()]

    def queryset(self, request, queryset):
        if self.value() not in self.REASONS:
            return queryset
        words = [str(refusal.message)[:64] for refusal in self.REASONS[self.value()][1]]
        return queryset.filter(reason__in=words)


@admin.register(LoginSession)
class LoginSessionAdmin(ReadOnly, BackOfficeAdmin):
    list_display = [
        "user", "way", "device_name", "platform", "ip_address", "created_at", "last_seen_at",
        "revoked_at", "ending",
    ]  # fmt: skip
    list_filter = [MethodFilter, ("revoked_at", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["user"]
    search_fields = ["user__username__startswith", "user__phone__exact", "ip_address__exact"]
    search_help_text = "用户名的开头，完整的手机号或 IP 地址"
    fields = [
        "user", "way", "device_name", "platform", "ip_address", "user_agent", "created_at",
        "last_seen_at", "expires_at", "revoked_at", "ending",
    ]  # fmt: skip
    readonly_fields = ["way", "ending"]
    actions = ["revoke"]
    way = in_words("method", "登录方式", METHODS)
    ending = in_words("revoked_reason", "撤销原因", ENDINGS)

    @action(description="撤销所选登录", permissions=["revoke"])
    def revoke(self, request, queryset):
        self.call_each(request, queryset, end_session)

    def has_revoke_permission(self, request):
        return request.user.has_perm("accounts.revoke_loginsession")


@admin.register(LoginLog)
class LoginLogAdmin(ReadOnly, BackOfficeAdmin):
    list_display = [
        "created_at", "user", "account", "way", "succeeded", "reason", "ip_address", "device_name",
        "platform",
    ]  # fmt: skip
    list_filter = ["succeeded", MethodFilter, ReasonFilter, "created_at"]
    list_select_related = ["user"]
    search_fields = ["user__username__startswith", "user__phone__exact", "ip_address__exact"]
    search_help_text = "用户名的开头，完整的手机号或 IP 地址"
    fields = [*list_display, "user_agent"]
    readonly_fields = ["way"]
    way = in_words("method", "登录方式", METHODS)


@admin.register(WeChatIdentity)
class WeChatIdentityAdmin(ReadOnly, BackOfficeAdmin):
    list_display = ["user", "appid", "shown_openid", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["user"]
    search_fields = ["openid__exact", "user__username__startswith", "user__phone__exact"]
    search_help_text = "完整的 OpenID 或手机号，用户名的开头"
    fields = list_display
    readonly_fields = ["shown_openid"]
    shown_openid = masked("openid", "OpenID", mask_key)
