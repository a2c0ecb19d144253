from django.contrib import admin

from accounts.models import EmailCode, PhoneCode
from config.admin import BackOfficeAdmin, ReadOnly
from config.admin.columns import masked
from config.masking import mask_email, mask_phone


@admin.register(PhoneCode)
class PhoneCodeAdmin(ReadOnly, BackOfficeAdmin):
    """What was sent and what became of it; no code, no HMAC, no whole number."""

    list_display = [
        "created_at", "shown_phone", "purpose", "state", "provider", "reported_at", "error",
        "attempts", "used_at", "voided_at", "network",
    ]  # fmt: skip
    list_filter = ["state", "provider", "purpose", "created_at"]
    search_fields = ["phone__exact", "network__exact"]
    search_help_text = "完整的手机号或 IP 地址"
    fields = [*list_display, "message_id", "expires_at"]
    readonly_fields = ["shown_phone"]
    shown_phone = masked("phone", "手机号", mask_phone)


@admin.register(EmailCode)
class EmailCodeAdmin(ReadOnly, BackOfficeAdmin):
    """The same of codes by mail."""

    list_display = [
        "created_at", "shown_email", "purpose", "state", "error", "attempts", "used_at",
        "voided_at", "network",
    ]  # fmt: skip
    list_filter = ["state", "purpose", "created_at"]
    search_fields = ["email__exact", "network__exact"]
    search_help_text = "完整的邮箱或 IP 地址"
    fields = [*list_display, "expires_at"]
    readonly_fields = ["shown_email"]
    shown_email = masked("email", "邮箱", mask_email)
