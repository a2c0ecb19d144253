"""What staff's requests pass: first what they owe, then the log of everything they write."""

import logging
import time
from functools import cache

from django.contrib import messages
from django.contrib.messages import WARNING
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.models import OperationLog, User
from accounts.operations import model_of, operation_of
from accounts.redaction import clean, is_secret, redact_all, redact_changes
from accounts.services.duties import Duty, duty_of
from config.api.client_ip import client_ip
from config.changes import collect_changes
from config.logs import security_event
from config.masking import mask_account

logger = logging.getLogger(__name__)

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
BACK_OFFICE = "/admin/"
_DENIED = {401, 403}
_LOGIN, _LOGIN_CODE, _LOGOUT = "/admin/login/", "/admin/login/code/", "/admin/logout/"
_LOGINS = {_LOGIN, _LOGIN_CODE}


class DutiesMiddleware:
    """Staff who owe a new password or a second factor are led there; nothing else opens before.

    Inside the operation log, which gets what was tried meanwhile.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        """Once the page is known, for the log."""
        if request.path_info.startswith(BACK_OFFICE) and (duty := _duty(request)):
            messages.warning(request, duty.words)
            return HttpResponseRedirect(reverse(duty.page))
        return None


def _duty(request: HttpRequest) -> Duty | None:
    """What must be done before this page opens."""
    user = _actor(request, staff=True)
    if user is None or request.path_info in _always_open():
        return None
    duty = duty_of(user)
    return duty if duty and request.path_info not in map(reverse, duty.pages) else None


@cache
def _always_open() -> frozenset[str]:
    return frozenset(map(reverse, ("admin:login", "admin:login_code", "admin:logout")))


class OperationLogMiddleware:
    """Nearly innermost, so that the view's transactions are over: the row of a refusal stays.

    Nobody else's request costs a statement, and a log that fails breaks no request.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method in SAFE:
            return self._read(request)
        back_office = request.path_info.startswith(BACK_OFFICE)
        actor = _actor(request) if back_office else None  # logging out forgets who it was
        started = time.perf_counter()
        with collect_changes() as changes:
            response = self.get_response(request)
        if reader := getattr(request, "logged_reader", None):
            _record(request, response, reader, started, changes)  # or nothing is handed out
            return response
        try:
            if (actor or _actor(request, staff=True)) or request.path_info in _LOGINS:
                who = actor or _actor(request) or getattr(request, "login_user", None)
                _record(request, response, who, started, changes)
        except Exception:
            logger.exception("operation log: lost %s %s", request.method, request.path_info)
        return response

    def _read(self, request):
        """Reads stand in the log when their view says so: accounts.audit.log_request()."""
        started = time.perf_counter()
        response = self.get_response(request)
        if reader := getattr(request, "logged_reader", None):
            _record(request, response, reader, started, {})  # or the file is not handed out
        return response


def _actor(request: HttpRequest, *, staff: bool = False) -> User | None:
    """Who asks, as far as the view or the back office's session found out."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or (staff and not user.is_staff):
        return None
    return user


def _record(request, response, actor, started: float, changes: dict) -> None:
    back_office = request.path_info.startswith(BACK_OFFICE)
    failure = _back_office_failure(request, response) if back_office else _api_failure(response)
    revealed = hasattr(request, "logged_reader")
    if failure is None and back_office and not revealed and _is_page(request, response):
        return  # a page that asks "are you sure?": nothing was written
    operation = operation_of(request)
    if failure and response.status_code in _DENIED:
        who = actor.pk if actor else None
        security_event("staff_refused", user=who, operation=operation.operation, why=clean(failure))
    account = request.POST.get("username", "") if request.path_info == _LOGIN else ""
    OperationLog.objects.create(
        admin=actor,
        admin_name=(actor.display_name if actor else mask_account(account))[:64],
        module=operation.module,
        operation=operation.operation,
        target_type=operation.target_type,
        target_id=operation.target_id,
        request_method=request.method[:8],
        request_url=_url(request)[:500],
        request_params=redact_all(_params(request, response, back_office), of=model_of(request)),
        changes=redact_changes(changes),
        ip_address=client_ip(request) or None,
        user_agent=clean(request.headers.get("User-Agent", "")),
        status=OperationLog.Status.FAILED if failure else OperationLog.Status.SUCCESS,
        error_message=clean(failure or ""),
        execution_time=round((time.perf_counter() - started) * 1000),
        request_id=getattr(request, "id", ""),
    )


def _api_failure(response: HttpResponse) -> str | None:
    if response.status_code < 400:
        return None
    data = getattr(response, "data", None)
    return (
        f"{data.get('code')} {data.get('message')}" if isinstance(data, dict) else _http(response)
    )


def _back_office_failure(request, response: HttpResponse) -> str | None:
    """Django's admin answers errors with 200 and a form, and warnings with a redirect."""
    if response.status_code >= 400:
        return _http(response)
    context = getattr(response, "context_data", None) or {}
    form = context.get("form") or getattr(context.get("adminform"), "form", None)
    if response.status_code == 200 and (context.get("errors") or getattr(form, "errors", None)):
        names = ", ".join(getattr(form, "errors", None) or {})
        return f"form refused: {names}"
    if request.resolver_match.url_name is None or "cl" in context:
        return "nothing of that name to do"  # no such page, or the list shown again
    if response.status_code == 200 and "post" in request.POST and "protected" in context:
        return "still in use"  # "are you sure?" was answered, and asked again
    warnings = [
        str(message.message)
        for message in getattr(getattr(request, "_messages", None), "_queued_messages", [])
        if message.level >= WARNING
    ]
    if warnings:
        return "; ".join(warnings)
    sent_away = response.headers.get("Location", "").startswith(_LOGIN)
    return "not allowed into the back office" if sent_away else None


def _is_page(request, response: HttpResponse) -> bool:
    shown = response.status_code == 200 and hasattr(response, "context_data")
    return shown and request.path_info not in {*_LOGINS, _LOGOUT}


def _http(response: HttpResponse) -> str:
    return f"HTTP {response.status_code}"


def _params(request, response, back_office: bool) -> dict:
    if back_office:
        posted = {name: request.POST.getlist(name) for name in request.POST}
        lists = {name: vs[0] if len(vs) == 1 else vs for name, vs in posted.items()}
        files = {name: upload.name for name, upload in request.FILES.items()}
        return {n: v for n, v in (lists | files).items() if n != "csrfmiddlewaretoken"}
    asked = (getattr(response, "renderer_context", None) or {}).get("request")
    try:
        body = asked.data if asked is not None else {}
    except Exception:  # not JSON: the refusal says so
        body = {}
    return body if isinstance(body, dict) else {"body": body}


def _url(request) -> str:
    """The path and its query, secrets in the query hidden."""
    query = request.GET.copy()
    for name in list(query):
        if is_secret(name):
            query[name] = "***"
    text = query.urlencode(safe="*")
    return clean(request.path) + (f"?{clean(text)}" if text else "")
