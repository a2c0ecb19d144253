from django.contrib import admin
from unfold.decorators import display

from accounts.admin.reveals import Revealing
from config.admin import BackOfficeAdmin, ReadOnly, masked
from config.masking import mask_name, mask_phone
from counseling.models import ClientProfile
from counseling.services.clients import reveal_client


@admin.register(ClientProfile)
class ClientProfileAdmin(Revealing, ReadOnly, BackOfficeAdmin):
    """Whom appointments are for, masked."""

    reveal_service = staticmethod(reveal_client)

    list_display = [
        "id", "masked_name", "relation", "gender", "born_in", "masked_phone", "user",
        "guardian_consented_at", "archived_at",
    ]  # fmt: skip
    list_filter = ["relation", "gender", "created_at"]
    list_select_related = ["user"]
    search_fields = ["user__phone__exact", "user__username__exact"]
    search_help_text = "用户的手机号或用户名（完整输入）"
    fields = [
        "user", "relation", "masked_name", "gender", "born_in", "masked_phone",
        "masked_emergency_name", "masked_emergency_phone", "masked_guardian",
        "masked_guardian_phone", "guardian_consented_at", "created_at", "archived_at",
    ]  # fmt: skip
    readonly_fields = [
        "masked_name", "born_in", "masked_phone", "masked_emergency_name",
        "masked_emergency_phone", "masked_guardian", "masked_guardian_phone",
    ]  # fmt: skip

    masked_name = masked("name", "姓名", mask_name)
    masked_phone = masked("phone", "手机号", mask_phone)
    masked_emergency_name = masked("emergency_name", "紧急联系人", mask_name)
    masked_emergency_phone = masked("emergency_phone", "紧急联系电话", mask_phone)
    masked_guardian = masked("guardian_name", "监护人", mask_name)

    masked_guardian_phone = masked("guardian_phone", "监护人电话", mask_phone)

    @display(description="出生年份", ordering="birth_date")
    def born_in(self, client):
        return client.birth_date.year
