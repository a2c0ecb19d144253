"""A look into the shared cache for the back office: counts, names, ages; never a value.

Redis, asked in small steps (SCAN, never KEYS), or this process' own memory where there is none.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import redis
from django.conf import settings
from django.core.cache import cache

from config.caches import SHARED, STATISTICS

CONNECT_SECONDS, ANSWER_SECONDS = 0.5, 2
STEP, LOOKED_AT, SHOWN = 500, 50_000, 200


class CacheDown(Exception):
    """Redis does not answer."""


@dataclass(frozen=True)
class Key:
    """ttl: seconds left, None for no end.  size: bytes in Redis, None where nobody counts."""

    name: str
    kind: str
    ttl: int | None
    size: int | None


@dataclass(frozen=True)
class Overview:
    """counts: keys per namespace; complete is False when there were more than one looks at."""

    counts: dict[str, int]
    complete: bool
    memory: str


def is_shared() -> bool:
    return bool(settings.REDIS_URL)


def overview() -> Overview:
    """Raises CacheDown."""
    with _store() as store:
        names = list(islice(store.names(""), LOOKED_AT + 1))
        counts = Counter(name.partition(":")[0] for name in names)
        known = {name: counts.get(name, 0) for name in SHARED}
        return Overview(known, len(names) <= LOOKED_AT, store.memory())


def keys_of(namespace: str) -> list[Key]:
    """Some of its keys, at most SHOWN.  Raises CacheDown."""
    with _store() as store:
        return store.describe(sorted(islice(store.names(namespace), SHOWN)))


def remove(namespace: str = "", key: str = "") -> int:
    """Delete one key, a namespace, or with neither all of ours; how many.  Raises CacheDown.

    The broker's keys are not ours.
    """
    with _store() as store:
        if key:
            return store.delete([key])
        spaces = [namespace] if namespace else list(SHARED)
        return sum(store.delete(store.names(space)) for space in spaces)


def published() -> list[dict[str, list[int]]]:
    """What processes told of their hits lately."""
    try:
        with _store() as store:
            names = list(islice(store.names(STATISTICS.name), LOOKED_AT))
    except CacheDown:
        return []
    return [found for found in cache.get_many(names).values() if isinstance(found, dict)]


@contextmanager
def _store():
    if not is_shared():
        yield _Memory()
        return
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
        ) as client:
            yield _Redis(client)
    except (redis.RedisError, OSError) as error:
        raise CacheDown from error


class _Redis:
    def __init__(self, client: redis.Redis):
        self._client = client

    def names(self, namespace: str) -> Iterator[str]:
        """Keys of ours without the prefix; of all namespaces for "" ."""
        prefix = cache.make_key("")
        spaces = [namespace] if namespace else list(SHARED)
        wanted = tuple(f"{prefix}{space}:".encode() for space in spaces)
        for raw in self._client.scan_iter(f"{prefix}{namespace}*", count=STEP):
            if raw.startswith(wanted):
                yield raw.decode("utf-8", "replace")[len(prefix) :]

    def describe(self, names: list[str]) -> list[Key]:
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            full = cache.make_key(name)
            pipe.type(full)
            pipe.ttl(full)
            pipe.memory_usage(full)
        found = pipe.execute(raise_on_error=False)
        rows = zip(names, found[::3], found[1::3], found[2::3], strict=True)
        return [
            Key(name, kind.decode(), ttl if ttl >= 0 else None, size)
            for name, kind, ttl, size in rows
            if isinstance(kind, bytes) and kind != b"none"
        ]

    def delete(self, names: Iterable[str]) -> int:
        names, gone = iter(names), 0
        while step := list(islice(names, STEP)):
            gone += self._client.unlink(*map(cache.make_key, step))
        return gone

    def memory(self) -> str:
        return str(self._client.info("memory").get("used_memory_human", ""))


class _Memory:
    """Django's local memory: it lists nothing by itself, so its own dict is read."""

    def names(self, namespace: str) -> Iterator[str]:
        prefix = cache.make_key("")
        for raw in list(getattr(cache, "_cache", {})):
            name = raw.removeprefix(prefix)
            if name.partition(":")[0] == namespace or (
                not namespace and name.partition(":")[0] in SHARED
            ):
                yield name

    def describe(self, names: list[str]) -> list[Key]:
        return [Key(name, "object", None, None) for name in names if cache.has_key(name)]

    def delete(self, names: Iterable[str]) -> int:
        return sum(cache.delete(name) for name in names)

    def memory(self) -> str:
        return ""
