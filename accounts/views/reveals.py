"""One value in full, for staff with a reason."""

from django.db.models import Model
from rest_framework.response import Response

from accounts.audit import log_request
from accounts.services.reveals import reveal


def revealed(request, row: Model, body: dict, *, service=reveal) -> Response:
    """The answer; it is given only once it stands in the operation log, and kept by nobody."""
    log_request(request, request.user)
    value = service(row, body["field"], actor=request.user)
    return Response({"field": body["field"], "value": value}, headers={"Cache-Control": "no-store"})
