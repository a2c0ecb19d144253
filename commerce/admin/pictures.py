from django.db.models import Value
from django.utils.html import format_html
from unfold.decorators import display

from config.admin import ReadOnlyInline
from media.models import Variant
from media.services.links import preview_path, public_path


class PictureInline(ReadOnlyInline):
    """Pictures of something, to look at; the model has `file` and `position`."""

    fields = ["picture", "position"]

    def has_view_permission(self, request, obj=None):
        return True  # part of what they show: who may see that may see these

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("file")

    @display(description="图片")
    def picture(self, image):
        return show(public_path(image.file, Variant.THUMB))


class PrivatePictureInline(PictureInline):
    """Those that not everybody may see: by links of whoever looks at the page."""

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(viewer_id=Value(request.user.pk))

    @display(description="图片")
    def picture(self, image):
        return show(preview_path(image.file_id, image.viewer_id, Variant.THUMB))


def show(path: str) -> str:
    return format_html('<img src="{}" alt="" style="height:8rem;border-radius:6px">', path)
