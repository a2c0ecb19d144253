"""What providers call.  Plain views: a signature covers raw bytes, and the answers are theirs."""

import logging

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.services.parameters import parameter
from accounts.services.receipts import Receipt, take_receipt
from accounts.services.wechat_events import take_event
from accounts.sms.reports import DIALECTS, read_reports
from accounts.wechat_push import PushRefused, check_signature, read_event
from config.api.client_ip import client_ip
from config.logs import security_event

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def sms_report(request, provider):
    """What became of messages.  The providers sign nothing: the address holds a secret.

    A message that we do not know (yet) is asked for again; repetitions are harmless.
    """
    secret = parameter("SMS_REPORT_TOKEN")
    if not secret:
        return _text(404, "not configured")
    if not constant_time_compare(secret, request.GET.get("token", "")):
        security_event("report_refused", provider=provider, ip=client_ip(request))
        return _text(403, "refused")
    dialect = DIALECTS[provider]
    try:
        reports = read_reports(provider, request.body)
        known = [take_receipt(Receipt(provider, *report)) for report in reports]
    except ValueError:
        return _text(400, "no receipts")
    except RequestDataTooBig:
        return _text(413, "too large")
    except (OperationalError, InterfaceError):
        logger.exception("no database for a receipt")
        return _text(503, "try again")
    return JsonResponse(dialect.done if all(known) else dialect.again)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def wechat_push(request):
    """GET proves to WeChat that the address is ours; POST brings an event, acknowledged when
    what it asks for is on record, else WeChat pushes it again."""
    if not settings.WX_PUSH_TOKEN:
        return _text(404, "not configured")
    try:
        if request.method == "GET":
            check_signature(request.GET)
            return _text(200, request.GET.get("echostr", "")[:256])
        window = parameter("CALLBACK_WINDOW_SECONDS")
        event = read_event(request.GET, request.body, window=window)
        take_event(event, signature=request.GET["signature"])
    except PushRefused as refusal:
        security_event("push_refused", why=str(refusal), ip=client_ip(request))
        return _text(403, "refused")
    except RequestDataTooBig:
        return _text(413, "too large")
    except (OperationalError, InterfaceError):
        logger.exception("no database for a push")
        return _text(503, "try again")
    return _text(200, "success")


def _text(status: int, text: str) -> HttpResponse:
    response = HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    response["X-Content-Type-Options"] = "nosniff"
    return response
