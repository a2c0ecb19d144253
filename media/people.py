"""What media shows about a person; see accounts.services.people."""

from django.template.defaultfilters import filesizeformat

from accounts.services.people import Section
from config.admin import badge
from media.models import File

SECTIONS = [
    Section(
        "files", "文件", "media.view_file",
        lambda pk: File.objects.filter(owner=pk).order_by("-pk"),
        {
            "用途": lambda row: row.get_purpose_display(),
            "类型": lambda row: row.content_type,
            "大小": lambda row: filesizeformat(row.size),
            "状态": lambda row: badge(row.status, row.get_status_display()),
            "上传时间": lambda row: row.created_at,
        },
        page="media.file",
        lookup="owner__id__exact",
    ),
]  # fmt: skip
