from django.contrib import admin

from accounts.admin.reveals import Revealing
from commerce.models import Address
from config.admin import BackOfficeAdmin, ReadOnly, masked
from config.masking import mask_name, mask_phone


@admin.register(Address)
class AddressAdmin(Revealing, ReadOnly, BackOfficeAdmin):
    """Where people have things sent to, masked."""

    list_display = ["id", "user", "name", "number", "region", "is_default", "updated_at"]
    list_filter = ["is_default", "updated_at"]
    list_select_related = ["user"]
    search_fields = ["user__phone__exact", "user__username__exact"]
    search_help_text = "用户的手机号或用户名（完整输入）"
    fields = ["user", "name", "number", "region", "is_default", "created_at", "updated_at"]
    readonly_fields = ["name", "number"]

    name = masked("receiver", "收货人", mask_name)
    number = masked("phone", "手机号", mask_phone)
