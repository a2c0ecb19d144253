"""Keys of third parties: made with a secret that is shown once, watched, revoked."""

import ipaddress
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.api_keys import digest_of, key_text
from accounts.errors import AccountDisabled
from accounts.errors.api_keys import ApiKeyMalformed, TooManyApiKeys
from accounts.models import ApiKey, User
from accounts.rbac import SCOPES
from accounts.services.notifications import notify
from config.changes import note_created, set_fields
from config.db import transact
from config.errors import IllegalTransition, NotFound
from config.logs import security_event

LONGEST_DAYS = 366
FASTEST = 6000  # requests a minute
MOST_NETWORKS = 20
MOST_LIVE = 10  # of one owner
WARN_BEFORE = timedelta(days=14)


def check_wishes(
    *, scopes: Iterable[str], networks: Iterable[str], per_minute: int, days: int
) -> None:
    """Raise ApiKeyMalformed, which names the fields, for what no key can have."""
    wrong = {}
    if not scopes or set(scopes) - SCOPES.keys():
        wrong["scopes"] = ["请选择有效的权限范围"]
    if len(list(networks)) > MOST_NETWORKS or not all(map(_is_network, networks)):
        wrong["networks"] = [f"须为 IP 地址或网段，最多 {MOST_NETWORKS} 个"]
    if not 1 <= per_minute <= FASTEST:
        wrong["per_minute"] = [f"须为 1 到 {FASTEST} 的整数"]
    if not 1 <= days <= LONGEST_DAYS:
        wrong["days"] = [f"须为 1 到 {LONGEST_DAYS} 的整数"]
    if wrong:
        raise ApiKeyMalformed(**wrong)


@transact
def create_key(
    owner_id: int,
    *,
    name: str,
    scopes: list[str],
    days: int,
    actor: User | None,
    networks: Iterable[str] = (),
    per_minute: int = 60,
) -> tuple[ApiKey, str]:
    """A new key of an active person, and its text, which nobody can read again.

    Raises ApiKeyMalformed, NotFound, AccountDisabled and TooManyApiKeys.
    """
    check_wishes(scopes=scopes, networks=networks, per_minute=per_minute, days=days)
    owner = User.objects.locked().filter(pk=owner_id).first()
    if owner is None:
        raise NotFound
    if not owner.is_active:
        raise AccountDisabled
    now = timezone.now()
    if ApiKey.objects.live(now).filter(owner=owner).count() >= MOST_LIVE:
        raise TooManyApiKeys
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        prefix=prefix,
        digest=digest_of(secret),
        name=name,
        owner=owner,
        scopes=sorted(set(scopes)),
        networks=[str(ipaddress.ip_network(text, strict=False)) for text in networks],
        per_minute=per_minute,
        created_by=actor,
        expires_at=now + timedelta(days=days),
    )
    note_created(key, "prefix", "name", "owner", "scopes", "networks", "per_minute", "expires_at")
    notify(owner, "api_key_created", name=name, prefix=prefix, until=_day(key.expires_at))
    return key, key_text(prefix, secret)


@transact
def revoke_key(key_id: int, *, actor: User | None) -> ApiKey:
    """End a key at once; IllegalTransition when it has ended before."""
    key = ApiKey.objects.select_related("owner").filter(pk=key_id).first()
    if key is None:
        raise NotFound
    now = timezone.now()
    if not ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=now):
        raise IllegalTransition
    set_fields(key, {"revoked_at": now})
    notify(key.owner, "api_key_revoked", name=key.name, prefix=key.prefix)
    security_event("api_key_revoked", key=key.prefix, by=actor.pk if actor else None)
    return key


def warn_of_expiring(*, now: datetime) -> int:
    """Tell the owners of keys that end within WARN_BEFORE, once each; how many."""
    soon = ApiKey.objects.live(now).filter(warned_at=None, expires_at__lte=now + WARN_BEFORE)
    return sum(_warn(key_id, now=now) for key_id in soon.values_list("pk", flat=True))


@transact
def _warn(key_id: int, *, now: datetime) -> int:
    if not ApiKey.objects.filter(pk=key_id, warned_at=None).update(warned_at=now):
        return 0
    key = ApiKey.objects.select_related("owner").get(pk=key_id)
    until = _day(key.expires_at)
    notify(key.owner, "api_key_expiring", name=key.name, prefix=key.prefix, until=until)
    return 1


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}"


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
