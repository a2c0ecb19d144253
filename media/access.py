"""Bytes of a file as an HTTP answer: ranges, caching, and nothing a browser could run."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header, parse_etags

from config import storage
from media.models import File

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)
PUBLIC_CACHE = "public, max-age=31536000, immutable"
WHILE_SHOWN_CACHE = "public, max-age=600"  # of what may be hidden again
PRIVATE_CACHE = "private, no-store"


def answer(
    request: HttpRequest, file: File, variant: str, *, cache: str, attachment: bool = False
) -> HttpResponseBase:
    """200, 206, 304 or 416.  Several ranges at once, or a malformed one, get the whole file."""
    size, etag = file.size_of(variant), f'"{file.sha256[:32]}-{variant}"'
    headers = _headers(file, etag=etag, cache=cache, attachment=attachment)
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers=headers)
    if settings.ACCEL_PREFIX and storage.is_local():  # nginx cuts the ranges
        path = f"{settings.ACCEL_PREFIX.rstrip('/')}/{file.path(variant)}"
        return HttpResponse(headers=headers | {"X-Accel-Redirect": path})
    part = _part(request, size, etag)
    if part is None:
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    start, length = part
    headers["Content-Length"] = str(length)
    if length < size:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    status = 206 if length < size else 200
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    body = storage.read(file.path(variant), start, length)
    return StreamingHttpResponse(body, status=status, headers=headers)


def _headers(file: File, *, etag: str, cache: str, attachment: bool) -> dict[str, str]:
    public = cache != PRIVATE_CACHE
    return {
        "Content-Type": file.content_type,
        "Content-Disposition": _disposition(file, public=public, saved=attachment),
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": cache,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin" if public else "same-site",
    }


def _disposition(file: File, *, public: bool, saved: bool) -> str:
    """With the name that its owner gave it, which is nobody else's business."""
    if public:
        return "inline"
    stem = file.original_name.rpartition(".")[0] or file.original_name or file.key
    return content_disposition_header(saved, f"{stem}.{file.extension}")


def _part(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """(start, length) of what is asked for; None when there is no such part."""
    asked = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    condition = request.headers.get("If-Range")
    if not asked or asked[1] == asked[2] == "" or (condition and condition != etag):
        return 0, size
    if not asked[1]:  # the last so many bytes
        length = min(int(asked[2]), size)
        return (size - length, length) if length else None
    start = int(asked[1])
    end = min(int(asked[2]), size - 1) if asked[2] else size - 1
    if asked[2] and int(asked[2]) < start:
        return 0, size
    return (start, end - start + 1) if start < size else None
