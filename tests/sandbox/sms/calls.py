"""The control client's calls about short messages."""

from typing import Any

from ..waiting import wait_for

Json = dict[str, Any]


class SmsCalls:
    def last_sms(self, phone: str, timeout: float = 10.0, **filters: Any) -> Json:
        """The newest message to a number, once there is one.

        `to` (eleven digits), `provider`, `sign`, `template`, `purpose`, `params` and `text`;
        `params["code"]` is what the person types in. `filters` as for `outbox`, e.g. `purpose`,
        or `since` to wait for one later than that.
        """
        entries = wait_for(
            lambda: self.outbox("sms", to=phone.removeprefix("+86"), **filters),
            timeout,
            f"an SMS to {phone} {filters or ''}",
        )
        return entries[-1]

    def sms_templates(self, **filters: Any) -> list[Json]:
        """The approved ones; `filters` compare fields, e.g. provider="aliyun", name="login"."""
        templates = self._get("/sms/templates")["templates"]
        return [row for row in templates if all(row[k] == v for k, v in filters.items())]

    def sms_template(
        self, provider: str, code: str, params: list[str], kind: str = "notice", **more: Any
    ) -> Json:
        """Approve a template; `more`: name, text with {param} in it, longest (of a value)."""
        order = {"provider": provider, "code": code, "params": params, "kind": kind, **more}
        return self._post("/sms/templates", order)

    def sms_signs(self) -> list[Json]:
        return self._get("/sms/signs")["signs"]

    def sms_sign(self, name: str, approved: bool = True) -> Json:
        """Approve a signature, or take the approval back."""
        return self._post("/sms/signs", {"name": name, "approved": approved})

    def sms_report(self, message_id: str, url: str, success: bool = True, **more: Any) -> str:
        """Post the provider's receipt for a message of the outbox; answers the notice's id, and
        with build=True only the body that would be posted."""
        order = {"id": message_id, "url": url, "success": success, **more}
        answer = self._post("/sms/reports", order)
        return answer.get("id") or answer["body"]
