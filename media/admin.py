from django.contrib import admin
from django.db.models import Value
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts.admin.looks import LoggedLooks
from config.admin import BackOfficeAdmin, ReadOnly
from media.models import CONFIDENTIAL, File, FileStatus, Variant, Visibility
from media.services.files import delete_file
from media.services.links import preview_path


@admin.register(File)
class FileAdmin(LoggedLooks, ReadOnly, BackOfficeAdmin):
    list_display = [
        "thumbnail", "original_name", "owner", "purpose", "visibility", "status", "volume",
        "pixels", "created_at",
    ]  # fmt: skip
    list_display_links = ["original_name"]
    list_filter = ["purpose", "visibility", "status", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["owner__username__startswith", "original_name__startswith", "sha256__exact"]
    search_help_text = "所有者用户名或文件名的开头，完整的 SHA-256"
    fields = [
        "picture", "original_name", "owner", "purpose", "visibility", "status", "content_type",
        "volume", "pixels", "sha256", "key", "created_at", "updated_at",
    ]  # fmt: skip
    readonly_fields = ["picture", "volume", "pixels", "sha256", "key"]
    actions = ["remove"]
    in_list = True
    action_permissions = {"remove": "media.delete_file"}

    def get_queryset(self, request):
        """Each row with who looks at it: the links of pictures are theirs."""
        return super().get_queryset(request).annotate(viewer_id=Value(request.user.pk))

    def shows_others(self, row, viewer):
        private = _is_shown(row) and row.visibility == Visibility.OWNER
        return private and row.owner_id != viewer.pk

    @display(description="预览")
    def thumbnail(self, file):
        return _picture(file, Variant.THUMB, "2.5rem")

    @display(description="图片")
    def picture(self, file):
        return _picture(file, Variant.MAIN, "20rem")

    @display(description="大小", ordering="size")
    def volume(self, file):
        return filesizeformat(file.size)

    @display(description="尺寸")
    def pixels(self, file):
        return f"{file.width} × {file.height}"

    @action(description="删除所选文件", permissions=["remove"])
    def remove(self, request, queryset):
        self.call_each(request, queryset, delete_file)

    def has_remove_permission(self, request):
        return request.user.has_perm("media.delete_file")


def _is_shown(file: File) -> bool:
    """Proofs and evidence are looked at where they belong, by those who handle them."""
    return file.status == FileStatus.READY and file.purpose not in CONFIDENTIAL


def _picture(file: File, variant: str, height: str):
    if not _is_shown(file):
        return "-"
    link = preview_path(file.pk, file.viewer_id, variant)
    return format_html(
        '<img src="{}" alt="" loading="lazy" style="max-height: {}; max-width: 100%;'
        ' border-radius: .375rem">',
        link,
        height,
    )
