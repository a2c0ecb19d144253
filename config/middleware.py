"""What every request passes; the back office's session, login and messages skip the API."""

import re
import secrets

from corsheaders.middleware import CorsMiddleware
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers

from config.request_id import current_request_id

BACK_OFFICE = "/admin/"
API = "/api/"
OVERRIDABLE = {"PUT", "PATCH", "DELETE"}
_REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{8,64}", re.ASCII)


class RequestIdMiddleware:
    """Take a well-formed X-Request-ID or make one; answer, log and report errors with it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request.id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
        token = current_request_id.set(request.id)
        try:
            response = self.get_response(request)
        finally:
            current_request_id.reset(token)
        response.headers["X-Request-ID"] = request.id
        return response


class BrowserCorsMiddleware(CorsMiddleware):
    """Only browsers send an Origin; for everybody else there is nothing to look up."""

    def __call__(self, request):
        if "HTTP_ORIGIN" in request.META:
            return super().__call__(request)
        response = self.get_response(request)
        patch_vary_headers(response, ("origin",))
        return response


class TextGZipMiddleware(GZipMiddleware):
    """Files come as they are: compressed again, their ranges would be parts of something else."""

    def process_response(self, request, response):
        if response.has_header("Accept-Ranges"):
            return response
        return super().process_response(request, response)


class ApiMiddleware:
    """Paths with and without a slash are one; POST may say it means PUT, PATCH or DELETE.

    wx.request cannot send PATCH, and a redirect to the other slash form would lose the body.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info.startswith(API):
            request.path_info = request.path_info.rstrip("/")
            if request.method == "POST":
                override = request.META.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
                if override in OVERRIDABLE:
                    request.method = override
        return self.get_response(request)


class LanguageMiddleware:
    """Chinese; English when a client of the API prefers it.  The back office is Chinese."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        wanted = request.META.get("HTTP_ACCEPT_LANGUAGE", "")[:2].lower()
        english = wanted == "en" and not request.path_info.startswith(BACK_OFFICE)
        translation.activate("en" if english else "zh-hans")
        return self.get_response(request)


class _BackOfficeOnly:
    """Put before a middleware class: requests outside the back office skip it."""

    def __call__(self, request):
        if request.path_info.startswith(BACK_OFFICE):
            return super().__call__(request)
        return self.get_response(request)


class BackOfficeSessionMiddleware(_BackOfficeOnly, SessionMiddleware):
    pass


class BackOfficeCommonMiddleware(_BackOfficeOnly, CommonMiddleware):
    pass


class BackOfficeAuthenticationMiddleware(_BackOfficeOnly, AuthenticationMiddleware):
    pass


class BackOfficeMessageMiddleware(_BackOfficeOnly, MessageMiddleware):
    pass


class BackOfficeCspMiddleware(_BackOfficeOnly, CSPMiddleware):
    pass
