"""Refusals and accidents as {code, message, data, request_id}, with the right HTTP status."""

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler as drf_handler

from config.api.renderers import dumps
from config.db import is_contention
from config.errors import Busy, DomainError, ServiceUnavailable
from config.request_id import current_request_id

# One code and one sentence per HTTP status that the framework itself answers with.
GENERAL = {
    400: (10400, gettext_noop("参数校验失败")),
    401: (10401, gettext_noop("请先登录")),
    403: (10403, gettext_noop("没有权限执行此操作")),
    404: (10404, gettext_noop("内容不存在")),
    405: (10405, gettext_noop("不支持的请求方法")),
    406: (10406, gettext_noop("不支持的响应格式")),
    413: (10413, gettext_noop("请求内容过大")),
    415: (10415, gettext_noop("不支持的内容类型")),
    429: (10429, gettext_noop("请求过于频繁，请稍后再试")),
    500: (10500, gettext_noop("服务器内部错误")),
}


def exception_handler(exc, context):
    """DRF's hook: an enveloped Response, or None for a bug (a 500 by config.urls.handler500)."""
    if isinstance(exc, OperationalError | InterfaceError):
        exc = Busy() if is_contention(exc) else ServiceUnavailable()
    if isinstance(exc, DomainError):
        return _refusal(exc)
    if isinstance(exc, ModelValidationError):
        exc = exceptions.ValidationError(as_serializer_error(exc))
    response = drf_handler(exc, context)
    if response is None:
        return None
    response.data = _general(response.status_code, _details(exc))
    return response


def _details(exc):
    if isinstance(exc, exceptions.ValidationError):
        detail = exc.detail
        return detail if isinstance(detail, dict) else {"non_field_errors": detail}
    return None


def _refusal(error: DomainError) -> Response:
    response = Response(envelope(error.code, str(error), error.data or None), status=error.status)
    wait = error.data.get("retry_after") or (1 if error.status in {429, 503} else None)
    if wait:
        response["Retry-After"] = str(int(wait))
    return response


def _general(status: int, data) -> dict:
    code, message = GENERAL.get(status, (10000 + status, GENERAL[400][1]))
    return envelope(code, _(message), data)


def envelope(code: int, message: str, data) -> dict:
    return {
        "code": code,
        "message": message,
        "data": data,
        "request_id": current_request_id.get(),
    }


def plain_error(request, status: int) -> HttpResponse:
    """The envelope for errors outside DRF's views: unknown paths, crashes, bodies too large."""
    return HttpResponse(
        dumps(_general(status, None)), status=status, content_type="application/json"
    )
