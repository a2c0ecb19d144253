from django.urls import path, re_path

from media.views.files import ContentViewSet, FileViewSet
from media.views.uploads import UploadViewSet

_FILE = FileViewSet.as_view({"get": "retrieve", "delete": "destroy"})

urlpatterns = [
    path("file/upload", UploadViewSet.as_view({"post": "create"}), name="file-upload"),
    path("user/avatar", UploadViewSet.as_view({"post": "avatar"}), name="user-avatar"),
    path("file", FileViewSet.as_view({"get": "list"}), name="files"),
    re_path(r"^file/(?P<pk>[0-9]{1,18})$", _FILE, name="file"),
    path("file/download", ContentViewSet.as_view({"get": "download"}), name="file-download"),
    path("file/preview", ContentViewSet.as_view({"get": "preview"}), name="file-preview"),
    re_path(
        r"^file/public/(?P<key>[0-9a-f]{32})/(?P<name>(?:main|thumb)\.[a-z]{3,4})$",
        ContentViewSet.as_view({"get": "public"}),
        name="file-public",
    ),
]
