"""The server that the contention over HTTP asks: test settings, a provider that answers at once."""

from config.settings.test import *  # noqa: F403

PAYMENT_GATEWAYS = {"wechat": "tests.benchmarks.gateway.InstantGateway"}
WX_APPID = "wxbench0000000000"
CONSTANCE_CONFIG = CONSTANCE_CONFIG | {"MAX_UNPAID_HOLDS": (10**6, "", int)}  # noqa: F405
