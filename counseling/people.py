"""What counseling shows about a person; see accounts.services.people."""

from accounts.services.people import Section
from config.admin import badge
from config.masking import mask_name, mask_phone
from counseling.models import Appointment, ClientProfile

_APPOINTMENTS = Appointment.objects.select_related("counselor", "slot")

SECTIONS = [
    Section(
        "appointments", "预约", "counseling.view_appointment",
        lambda pk: _APPOINTMENTS.filter(user=pk).order_by("-pk"),
        {
            "预约编号": lambda row: row.number,
            "咨询师": lambda row: row.counselor.name,
            "开始时间": lambda row: row.slot.start_at,
            "状态": lambda row: badge(row.status, row.get_status_display()),
            "创建时间": lambda row: row.created_at,
        },
        page="counseling.appointment",
        moment="created_at",
    ),
    Section(
        "client_profiles", "来访者", "counseling.view_clientprofile",
        lambda pk: ClientProfile.objects.filter(user=pk).order_by("-pk"),
        {
            "姓名": lambda row: mask_name(row.name),
            "关系": lambda row: row.get_relation_display(),
            "手机号": lambda row: mask_phone(row.phone) or "-",
            "创建时间": lambda row: row.created_at,
        },
        page="counseling.clientprofile",
    ),
]  # fmt: skip
