"""System checks: production refuses what only a developer's machine may have."""

from django.conf import settings
from django.core.checks import Error, Tags, register

from config.env import is_private

OUTSIDE = (
    "WX_API_BASE", "WXPAY_BASE", "ALIPAY_GATEWAY", "UNIONPAY_BASE", "SMS_ALIYUN_ENDPOINT",
    "SMS_TENCENT_ENDPOINT",
)  # fmt: skip


@register(Tags.security, deploy=True)
def production_is_real(app_configs, **kwargs):
    errors = []
    if settings.DEBUG:
        errors.append(Error("DEBUG is on", id="banxin.E001"))
    if settings.SANDBOX_CONTROL:
        errors.append(Error("SANDBOX_CONTROL is set: the sandbox moves no money", id="banxin.E002"))
    errors += [
        Error(f"{name} points at this machine or a private network", id="banxin.E003")
        for name in OUTSIDE
        if is_private(getattr(settings, name))
    ]
    for name in ("SECRET_KEY", "JWT_SIGNING_KEY", "AUDIT_KEY"):
        value = getattr(settings, name)
        if "only" in value or "change" in value:
            errors.append(Error(f"{name} is an example value", id="banxin.E004"))
    return errors
