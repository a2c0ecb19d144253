"""Pages with private pictures: that staff looked at them stands in the operation log."""

from collections.abc import Iterable

from django.db.models import Model

from accounts.audit import log_request


class LoggedLooks:
    """Put before BackOfficeAdmin: one line a page, if there was anything of somebody else's on it.

    shows_others(row, viewer): whether the page shows anything private that is not the viewer's.
    in_list: whether the list shows it, too.
    """

    in_list = False

    def shows_others(self, row: Model, viewer) -> bool:
        raise NotImplementedError

    def change_view(self, request, *args, **kwargs):
        response = super().change_view(request, *args, **kwargs)
        row = _context(response).get("original")
        return self._logged(request, response, [] if row is None else [row])

    def changelist_view(self, request, *args, **kwargs):
        response = super().changelist_view(request, *args, **kwargs)
        found = _context(response).get("cl") if self.in_list else None
        return self._logged(request, response, [] if found is None else found.result_list)

    def _logged(self, request, response, rows: Iterable[Model]):
        if request.method == "GET" and any(self.shows_others(row, request.user) for row in rows):
            log_request(request, request.user)
        return response


def _context(response) -> dict:
    """Nothing where no page is shown, but another address."""
    return getattr(response, "context_data", None) or {}
