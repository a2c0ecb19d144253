"""The login log: one row per attempt, whatever the way in."""

from dataclasses import dataclass

from django.utils import translation

from accounts.errors import OtpRequired
from accounts.models import LoginLog, User
from config.errors import DomainError
from config.logs import security_event
from config.rows import insert, new

# Ways in, in words.
METHODS = {
    "password": "密码",
    "phone": "短信验证码",
    "wechat": "微信",
    "wx_phone": "微信手机号",
    "register": "注册",
    "back_office": "后台",
    "refresh": "刷新令牌",
}


@dataclass(frozen=True)
class Device:
    """Where a login comes from; everything but the address is the client's own word."""

    ip_address: str | None = None
    user_agent: str = ""
    device_name: str = ""
    platform: str = ""


def log_attempt(
    user: User | None,
    method: str,
    account: str,
    device: Device,
    refusal: DomainError | None = None,
) -> None:
    """One row of the login log; account: already masked.  Reasons are kept in Chinese."""
    reason = ""
    if refusal:
        with translation.override("zh-hans"):
            reason = str(refusal)[:64]
    insert(
        new(
            LoginLog,
            user=user,
            method=method,
            account=account,
            succeeded=refusal is None,
            reason=reason,
            ip_address=device.ip_address or None,
            user_agent=device.user_agent[:300],
            device_name=device.device_name[:100],
            platform=device.platform[:32],
            unexamined=True if refusal is None else None,
        )
    )
    if refusal and not isinstance(refusal, OtpRequired):  # that one is half a success
        who, ip = user.pk if user else None, device.ip_address
        security_event("login_failed", user=who, method=method, code=refusal.code, ip=ip)
