"""The test suite: a fast hasher, temporary folders, the sandbox as the outside world."""

import atexit
import os
import shutil
import tempfile

# pytest -n: each worker has a folder of its own; what a test starts has the test's.
if "PYTEST_XDIST_WORKER" in os.environ and "PYTEST_CURRENT_TEST" not in os.environ:
    os.environ.pop("VAR_DIR", None)
if "VAR_DIR" not in os.environ:
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="banxin-test-")
    atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)
os.environ.setdefault("SECRET_KEY", "test-only-secret-key-that-is-long-enough-to-sign-with")
os.environ.setdefault("JWT_SIGNING_KEY", "test-only-jwt-key-that-is-long-enough-to-sign-with")
os.environ.setdefault("AUDIT_KEY", "test-only-audit-key-that-is-long-enough-to-seal-with")
os.environ.setdefault("FIELD_KEYS", "test:dGVzdC1vbmx5LWZpZWxkLWtleS10aGF0LWlzLTMyYnk=")

from config.settings.base import *  # noqa: F403

ALLOWED_HOSTS = ["*"]
DEMO_ALLOWED = True
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
]
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
PULSE_SECONDS = 0  # tests call config.pulse.beat() themselves
THROTTLE_RATES = dict.fromkeys(("read", "write", "login"), 1_000_000)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
