"""What the back office says when it cannot answer: a page in Chinese, where the API has JSON."""

from django.http import HttpResponse
from django.shortcuts import render

from config.middleware import BACK_OFFICE

_WORDS = {
    400: ("请求无效", "请求的内容有误，请返回上一页重试。"),
    403: ("没有权限", "您没有查看此页面或执行此操作的权限。如需开通，请联系超级管理员。"),
    404: ("页面不存在", "您访问的页面不存在，或已被移除。"),
    500: (
        "系统出错了",
        "操作没有完成，错误已记录。请稍后重试；如仍有问题，请把请求标识告诉技术人员。",
    ),
}


def in_back_office(request) -> bool:
    return request.path_info.startswith(BACK_OFFICE)


def refusal_page(request, status: int) -> HttpResponse:
    return _page(request, status, *_WORDS[status])


def csrf_failure(request, reason="") -> HttpResponse:
    """Another tab logged in or out, or the cookie is gone: nothing was done."""
    words = "为了账号安全，此次提交没有执行。请返回上一页，刷新后重试。"
    return _page(request, 403, "页面已过期", words)


def _page(request, status: int, title: str, words: str) -> HttpResponse:
    context = {"title": title, "words": words, "request_id": getattr(request, "id", "")}
    return render(request, "admin/refusal.html", context, status=status)
