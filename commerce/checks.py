"""System checks: what settings promise to sell and to charge with exists."""

from django.conf import settings
from django.core.checks import Error, register
from django.utils.module_loading import import_string

PAYABLE = ("label", "quote", "reserve", "fulfil", "release", "revoke")
GATEWAY = (
    "prepay",
    "client_parameters",
    "query",
    "close",
    "refund",
    "query_refund",
    "parse_notice",
    "payer_app",
    "platform",
    "ready",
)


@register()
def dotted_paths_are_complete(app_configs, **kwargs):
    return [
        *_missing("PAYABLES", PAYABLE, "commerce.E001"),
        *_missing("PAYMENT_GATEWAYS", GATEWAY, "commerce.E002"),
    ]


def _missing(setting: str, names: tuple[str, ...], code: str) -> list[Error]:
    errors = []
    for kind, path in getattr(settings, setting).items():
        try:
            cls = import_string(path)
        except ImportError as error:
            errors.append(Error(f"{setting}[{kind!r}]: {error}", id=code))
            continue
        lacking = [name for name in names if not hasattr(cls, name)]
        if lacking:
            errors.append(Error(f"{path} lacks {', '.join(lacking)}", id=code))
    return errors
