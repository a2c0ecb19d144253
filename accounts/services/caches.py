"""The cache console: what is kept and how well it serves; emptying it, on every process."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.errors import CacheUnavailable
from accounts.models import CachePurge, User
from config import caches, shared_cache
from config.errors import NotFound

# A row may become visible after one with a higher number: look back this far.
LOOK_BACK = timedelta(seconds=30)


@dataclass(frozen=True)
class Row:
    """One namespace.  shared: in Redis, else remembered by each process.  keys: None when nobody
    knows."""

    name: str
    title: str
    shared: bool
    hits: int
    misses: int
    keys: int | None

    @property
    def rate(self) -> str:
        asked = self.hits + self.misses
        return f"{self.hits * 100 / asked:.1f}%" if asked else "—"


@dataclass(frozen=True)
class Console:
    """up: the shared cache answers.  processes: how many the numbers are of."""

    rows: list[Row]
    shared: bool
    up: bool
    complete: bool
    memory: str
    processes: int


def console() -> Console:
    """What the page shows; says so when Redis is away, raises nothing."""
    try:
        found, up = shared_cache.overview(), True
    except shared_cache.CacheDown:
        found, up = shared_cache.Overview({}, True, ""), False
    told = shared_cache.published() if up and shared_cache.is_shared() else []
    told = told or [caches.statistics()]
    titles = {m.name: (m.title, False) for m in caches.memories()}
    titles |= {space.name: (space.title, True) for space in caches.SHARED.values()}
    rows = []
    for name, (title, shared) in titles.items():
        hits, misses, kept = (sum(part) for part in zip(*_of(told, name), strict=True))
        rows.append(
            Row(name, title, shared, hits, misses, found.counts.get(name) if shared else kept)
        )
    return Console(rows, shared_cache.is_shared(), up, found.complete, found.memory, len(told))


def _of(told: list[dict], name: str) -> list[list[int]]:
    return [numbers.get(name, [0, 0, 0]) for numbers in told]


def keys_of(namespace: str) -> list[shared_cache.Key]:
    """Raises CacheUnavailable, and NotFound for a namespace that is not shared."""
    if namespace not in caches.SHARED:
        raise NotFound
    try:
        return shared_cache.keys_of(namespace)
    except shared_cache.CacheDown as error:
        raise CacheUnavailable from error


def purge(*, namespace: str = "", key: str = "", actor: User | None) -> CachePurge:
    """Empty a namespace, or all of them, or delete one shared key; noted.

    Here at once, on other processes with their next pulse.  Raises NotFound for an unknown
    namespace and CacheUnavailable when Redis is away: then nothing is purged.
    """
    namespace = key.partition(":")[0] if key else namespace
    if namespace and namespace not in {*caches.SHARED, *caches.MEMOS}:
        raise NotFound
    try:
        gone = 0 if namespace in caches.MEMOS else shared_cache.remove(namespace, key)
    except shared_cache.CacheDown as error:
        raise CacheUnavailable from error
    row = CachePurge.objects.create(namespace=namespace, key=key[:200], removed=gone, actor=actor)
    _obey([row])
    return row


_seen: set[int] = set()


def obey_purges() -> None:
    """Called by the pulse: empty here what somebody emptied elsewhere."""
    since = timezone.now() - LOOK_BACK
    rows = list(CachePurge.objects.filter(created_at__gt=since).exclude(pk__in=_seen))
    _obey(rows)


def _obey(rows: list[CachePurge]) -> None:
    if len(_seen) > 1000:
        _seen.clear()
    for row in rows:
        _seen.add(row.pk)
        if not row.key or not shared_cache.is_shared():
            caches.forget({row.namespace})
            if not shared_cache.is_shared():
                shared_cache.remove(row.namespace, row.key)
