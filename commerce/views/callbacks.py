"""What providers call.  Plain views: the signature covers the raw bytes."""

import logging
import re

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from commerce.services.notices import take_notice
from config.api.client_ip import client_ip
from config.errors import DomainError
from config.logs import security_event

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def wechat(request):
    """204 only when what the notice said is on record; else WeChat Pay sends it again."""
    status, message = _take("wechat", request)
    if status == 200:
        return HttpResponse(status=204)
    return JsonResponse({"code": "FAIL", "message": message}, status=status)


@csrf_exempt
@require_POST
def alipay(request):
    """The word "success" only when what the notice said is on record; else it comes again."""
    status, _message = _take("alipay", request)
    word = "success" if status == 200 else "failure"
    return HttpResponse(word, status=status, content_type="text/plain")


@csrf_exempt
@require_POST
def unionpay(request):
    """200 only when what the notice said is on record; else UnionPay sends it again."""
    status, _message = _take("unionpay", request)
    return HttpResponse("ok" if status == 200 else "fail", status=status, content_type="text/plain")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def come_back(request):
    """A browser after a provider's page: on to the website, with the payment's number to look up.

    Nothing it brings is believed.
    """
    brought = request.GET if request.method == "GET" else request.POST
    number = brought.get("out_trade_no") or brought.get("orderId") or ""
    query = f"?number={number}" if re.fullmatch(r"PAY[0-9A-Z]{10,29}", number) else ""
    answer = HttpResponseRedirect(f"{settings.PAY_RETURN_URL}{query}")
    answer.status_code = 303
    return answer


def _take(method: str, request) -> tuple[int, str]:
    """200, or the status and words of why the notice was not taken."""
    source = client_ip(request)
    try:
        take_notice(method, headers=request.headers, body=request.body, source=source)
    except RequestDataTooBig:
        security_event("notice_refused", code=413, ip=source)
        return 413, "请求内容过大"
    except DomainError as refusal:
        security_event("notice_refused", code=refusal.code, ip=source)
        return refusal.status, str(refusal)
    except (OperationalError, InterfaceError):
        logger.exception("no database for a notice")
        return 503, "失败"
    return 200, ""
