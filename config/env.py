"""Environment variables, each read once at start; a wrong value stops the start and names itself.

`.env.example` lists them all.
"""

import base64
import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

REQUIRED = object()


def read_file(path: Path) -> None:
    """Take in NAME=value lines of a file; what the environment already has wins."""
    if path.is_file():
        environ.Env.read_env(str(path), overwrite=False)


def env_str(name: str, default=REQUIRED) -> str:
    value = os.environ.get(name, "")
    if value:
        return value
    if default is REQUIRED:
        raise ImproperlyConfigured(f"{name} is not set")
    return default


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}")


def env_int(name: str, default: int, *, at_least: int = 0, at_most: int | None = None) -> int:
    value = os.environ.get(name, "").strip()
    try:
        number = int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}") from None
    if number < at_least:
        raise ImproperlyConfigured(f"{name} must be at least {at_least}, not {number}")
    if at_most is not None and number > at_most:
        raise ImproperlyConfigured(f"{name} must be at most {at_most}, not {number}")
    return number


def env_port(name: str, default: int, *, at_least: int = 1) -> int:
    return env_int(name, default, at_least=at_least, at_most=65_535)


def env_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = env_str(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


def env_list(name: str, default="") -> list[str]:
    """Comma-separated values."""
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_names(name: str, keys: tuple[str, ...], default: list[str]) -> dict[str, str]:
    """Comma-separated values, one for each of `keys`, in their order."""
    values = env_list(name) or default
    if len(values) != len(keys):
        raise ImproperlyConfigured(f"{name} must hold {len(keys)} values: {', '.join(keys)}")
    return dict(zip(keys, values, strict=True))


def env_networks(name: str) -> list[str]:
    """Comma-separated addresses and networks (10.0.0.0/8)."""
    networks = env_list(name)
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {error}") from None
    return networks


def env_origins(name: str) -> list[str]:
    """Comma-separated scheme://host[:port]."""
    origins = env_list(name)
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or origin != f"{parts.scheme}://{parts.netloc}":
            raise ImproperlyConfigured(
                f"{name} must hold origins like https://a.cn, not {origin!r}"
            )
    return origins


def env_keys(name: str, default="") -> list[str]:
    """Comma-separated id:base64 of 32 bytes; the first one writes, the others still read."""
    keys = env_list(name, default)
    for entry in keys:
        key_id, _, text = entry.partition(":")
        try:
            usable = key_id and len(base64.b64decode(text, validate=True)) == 32
        except ValueError:
            usable = False
        if not usable:
            raise ImproperlyConfigured(f"{name}: each entry is an id, a colon, base64 of 32 bytes")
    return keys


def env_url(name: str, default=REQUIRED, *, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """A URL without a trailing slash; "" when the default is empty."""
    value = env_str(name, default).rstrip("/")
    if value and (urlsplit(value).scheme not in schemes or not urlsplit(value).netloc):
        raise ImproperlyConfigured(f"{name} must be a {' or '.join(schemes)} URL, not {value!r}")
    return value


def env_email(name: str) -> dict:
    """smtp://, smtp+tls:// or smtp+ssl://user:password@host:port as Django's EMAIL_ settings;
    {} when it is empty.  Special characters are percent-encoded."""
    value = env_str(name, "")
    if not value:
        return {}
    try:
        found = environ.Env.email_url_config(value)
    except (ImproperlyConfigured, ValueError) as error:
        raise ImproperlyConfigured(f"{name}: {error}") from None
    if not value.startswith(("smtp://", "smtp+tls://", "smtp+ssl://")) or not found["EMAIL_HOST"]:
        raise ImproperlyConfigured(f"{name} must be smtp://, smtp+tls:// or smtp+ssl:// and a host")
    del found["EMAIL_FILE_PATH"]
    return {key: part for key, part in found.items() if part is not None}


def env_secret(name: str, *, at_least: int = 32, default=REQUIRED) -> str:
    """A secret of at least that many characters."""
    value = env_str(name, default)
    if value and len(value) < at_least:
        raise ImproperlyConfigured(f"{name} must have at least {at_least} characters")
    return value


def env_file(name: str, default=REQUIRED) -> str:
    """The path of a file that must be readable when it is named."""
    value = env_str(name, default)
    if value and not Path(value).is_file():
        raise ImproperlyConfigured(f"{name}: there is no file {value!r}")
    return value


def is_private(url: str) -> bool:
    """True when a URL's host is this machine or an address of a private network."""
    host = urlsplit(url).hostname or "localhost"
    if host == "localhost" or host.endswith((".local", ".localhost")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
