"""A developer's machine: everything embedded, the outside world is the sandbox."""

from pathlib import Path

from config.env import env_bool, env_str, read_file

if env_bool("SANDBOX", True):
    read_file(
        Path(env_str("VAR_DIR", str(Path(__file__).resolve().parents[2] / "var"))) / "sandbox/env"
    )

from config.settings.base import *  # noqa: F403
from config.settings.base import (
    ALLOWED_HOSTS,
    AUDIT_KEY,
    FIELD_KEYS,
    JWT_SIGNING_KEY,
    SECRET_KEY,
)

DEBUG = True
DEMO_ALLOWED = True
SECRET_KEY = SECRET_KEY or "development-only-secret-key-that-is-long-enough-to-sign"
JWT_SIGNING_KEY = JWT_SIGNING_KEY or "development-only-jwt-key-that-is-long-enough-to-sign"
AUDIT_KEY = AUDIT_KEY or "development-only-audit-key-that-is-long-enough-to-seal"
FIELD_KEYS = FIELD_KEYS or ["dev:ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMzJieXQ="]
ALLOWED_HOSTS = ALLOWED_HOSTS or ["*"]
