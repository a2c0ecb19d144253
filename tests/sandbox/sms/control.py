"""Control calls about short messages: what people at the providers approve, and receipts."""

from typing import Any

from ..control import PREFIX, read_object
from ..web import Request, Router


class SmsControl:
    def __init__(self, rail):
        self._rail, self._world = rail, rail.world

    def add_to(self, router: Router) -> None:
        add, registry = router.add, self._rail.desk.registry
        add("GET", f"{PREFIX}/sms/signs", lambda r: {"signs": registry.signs()})
        add("POST", f"{PREFIX}/sms/signs", lambda r: registry.add_sign(read_object(r)))
        add("GET", f"{PREFIX}/sms/templates", lambda r: {"templates": registry.templates()})
        add("POST", f"{PREFIX}/sms/templates", lambda r: registry.add_template(read_object(r)))
        add("POST", f"{PREFIX}/sms/reports", self._report)

    def _report(self, request: Request) -> dict[str, Any]:
        """Deliver a receipt, or (`"build": true`) only show what would be posted."""
        order, reports = read_object(request), self._rail.reports
        notice = reports.notice(order)
        if order.get("build"):
            return {"body": reports.pack(notice, None).body.decode()}
        return {"id": self._world.courier.post(notice).id}
