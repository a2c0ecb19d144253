"""The page behind the link in promotional mail, for people and for mail programs."""

from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.errors import UnsubscribeInvalid
from accounts.services.unsubscribe import unsubscribe, unsubscriber


@csrf_exempt  # a mail program posts without ever having seen the page; the token is the right
@require_http_methods(["GET", "POST"])
def unsubscribe_page(request):
    """GET only asks, because mail scanners open every link; POST does it."""
    token, status = request.GET.get("token", ""), 200
    try:
        if request.method == "POST":
            unsubscribe(token)
        else:
            unsubscriber(token)
        state = "done" if request.method == "POST" else "ask"
    except UnsubscribeInvalid as refusal:
        state, status = "invalid", refusal.status
    response = render(request, "unsubscribe.html", {"state": state}, status=status)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
