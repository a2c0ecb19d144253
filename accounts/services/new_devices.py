"""Telling people of logins from a device or a place they never came from before.

A login costs nothing more for it: its row in the login log is looked at later, by a job.  What
is known is the log itself, so it is forgotten with it.
"""

import ipaddress
import re
from datetime import timedelta

from django.utils import timezone

from accounts.models import LoginLog
from accounts.services.limits import network_of
from accounts.services.notifications import notify
from accounts.services.parameters import parameter
from config.db import transact
from config.masking import mask_ip
from config.sweeping import each

BATCH = 500
_VERSION = re.compile(r"[0-9][0-9._]*")


def notice_new_devices(*, limit: int = BATCH) -> int:
    """Look at successful logins nobody has looked at, oldest first; how many notices that made."""
    rows = LoginLog.objects.filter(unexamined=True).order_by("pk")
    return each(rows.values_list("pk", flat=True)[:limit], _examine)


@transact
def _examine(pk: int) -> bool:
    """One login, claimed by the UPDATE: of two jobs only one tells."""
    if not LoginLog.objects.filter(pk=pk, unexamined=True).update(unexamined=None):
        return False
    login = LoginLog.objects.select_related("user").filter(pk=pk, user__isnull=False).first()
    template = _template(login) if login and login.user.is_active else None
    if template is None:
        return False
    notify(
        login.user,
        template,
        dedupe_key=_key(login, template),
        at=f"{timezone.localtime(login.created_at):%Y年%m月%d日 %H:%M}",
        device=_words(login),
        ip=mask_ip(login.ip_address or "") or "未知",
    )
    return True


def _template(login: LoginLog) -> str | None:
    """Which notice this login calls for; the first one ever calls for none."""
    columns = ("device_name", "platform", "user_agent", "ip_address")
    before = LoginLog.objects.filter(user=login.user, succeeded=True, pk__lt=login.pk)
    known = [LoginLog(**row) for row in before.order_by().values(*columns).distinct()]
    if not known:
        return None if _is_recent_account(login) else "login_new_device"
    if _fingerprint(login) not in map(_fingerprint, known):
        return "login_new_device"
    if login.ip_address and _place(login.ip_address) not in (
        _place(row.ip_address) for row in known if row.ip_address
    ):
        return "login_new_place"
    return None


def _is_recent_account(login: LoginLog) -> bool:
    """Whether the log still reaches back to when the account was made."""
    return login.created_at - login.user.created_at < timedelta(
        days=parameter("LOGIN_LOG_KEEP_DAYS")
    )


def _fingerprint(login: LoginLog) -> tuple[str, str]:
    """The device's own name where it has one, else its browser without the versions."""
    name = login.device_name or _VERSION.sub("", login.user_agent)
    return name, login.platform


def _key(login: LoginLog, template: str) -> str:
    """Each new device is told of; of new places one a day is: phones wander."""
    if template == "login_new_device":
        return f"{template}:{login.pk}"
    return f"{template}:{login.user_id}:{timezone.localtime(login.created_at):%Y%m%d}"


def _place(ip_address: str) -> str:
    """The /24 of an IPv4 address, the /64 of an IPv6 one."""
    network = network_of(ip_address)
    if ":" in network:
        return network
    return str(ipaddress.ip_network((network, 24), strict=False))


def _words(login: LoginLog) -> str:
    return (login.device_name or login.platform or login.user_agent or "未知设备")[:40]
