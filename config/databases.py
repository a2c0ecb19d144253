"""DATABASE_URL to Django's settings; imported while settings load, so no models here."""

import environ
from django.core.exceptions import ImproperlyConfigured

LOCK_WAIT_SECONDS = 3  # three tries (config.db.transact) stay below ten seconds
SCHEMES = ("sqlite", "mysql", "postgres", "postgresql")


def database_config(url: str) -> dict:
    """Django's DATABASES entry for a sqlite:///, mysql:// or postgres:// URL.

    READ COMMITTED everywhere (invariants F5); SQLite takes the write lock at BEGIN (libraries 3).
    """
    config = _parsed(url)
    config |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
    engine = config["ENGINE"].rsplit(".", 1)[-1]
    if engine == "sqlite3":
        pragmas = (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "cache_size=-64000",
            "mmap_size=134217728",
            "journal_size_limit=67108864",
        )
        options = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "".join(f"PRAGMA {pragma};" for pragma in pragmas),
        }
    elif engine == "mysql":
        config["ENGINE"] = "config.mysql"
        options = {
            "charset": "utf8mb4",
            "isolation_level": "read committed",
            "init_command": (
                f"SET SESSION innodb_lock_wait_timeout={LOCK_WAIT_SECONDS},"
                " sql_mode=CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')"
            ),
        }
        config["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_ci"}
    else:
        options = {"options": f"-c lock_timeout={LOCK_WAIT_SECONDS}s"}
    config["OPTIONS"] = config.get("OPTIONS", {}) | options
    return config


def _parsed(url: str) -> dict:
    scheme, _, rest = url.partition("://")
    try:
        config = environ.Env.db_url_config(url) if scheme in SCHEMES and rest else {}
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL: {error}") from None
    if not config.get("NAME"):
        raise ImproperlyConfigured(
            "DATABASE_URL must look like sqlite:///path, mysql://user@host/name"
            " or postgres://user@host/name"
        )
    return config
