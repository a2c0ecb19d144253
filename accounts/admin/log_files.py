"""The log files of the machine that answers: how many, how large, how old; cleaning up now."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from accounts.services.live_logs import clean_logs
from accounts.services.parameters import parameter
from config.logs import KINDS, LogFile, log_files

TITLES = {"access": "访问", "slow": "慢请求", "error": "错误", "security": "安全事件"}
LATEST = 30


def log_files_view(request, *, site, may_look: bool):
    may_clean = request.user.has_perm("constance.change_config")
    if not may_look or (request.method == "POST" and not may_clean):
        raise PermissionDenied
    if request.method == "POST":
        gone = clean_logs(today=timezone.localdate())
        messages.success(request, f"已清理 {gone} 个文件")
        return HttpResponseRedirect(request.path)
    files = log_files()
    context = site.each_context(request) | {
        "title": "日志文件",
        "folder": settings.LOG_DIR,
        "files": files,
        "latest": files[:LATEST],
        "total": sum(file.size for file in files),
        "kinds": [_kind(kind, [file for file in files if file.kind == kind]) for kind in KINDS],
        "days": parameter("LOG_KEEP_DAYS"),
        "megabytes": parameter("LOG_MAX_MB"),
        "may_clean": may_clean,
    }
    return TemplateResponse(request, "admin/log_files.html", context)


def _kind(kind: str, files: list[LogFile]) -> dict:
    days = [file.day for file in files]
    return {
        "title": TITLES[kind],
        "count": len(files),
        "size": sum(file.size for file in files),
        "oldest": min(days, default=None),
        "newest": max(days, default=None),
    }
