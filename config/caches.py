"""Everything that is kept to be quick: the shared cache by namespace, and what processes remember.

One namespace per use, all of them named here.  Whoever keeps something uses a Namespace (shared,
in Redis, may vanish at any moment) or a memo listed in MEMOS (of one process, for a moment).
"""

import os
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache as once

from django.core.cache import cache
from django.utils.module_loading import import_string

from config.memo import Hits

PUBLISH_SECONDS, FORGET_SECONDS = 5, 20


class Namespace:
    """One use of the shared cache: keys are "name:key"."""

    def __init__(self, name: str, title: str):
        self.name, self.title, self.counted = name, title, Hits()

    def get(self, key: str):
        value = cache.get(f"{self.name}:{key}")
        self._count(value is not None)
        return value

    def set(self, key: str, value, seconds: float) -> None:
        cache.set(f"{self.name}:{key}", value, seconds)

    def add(self, key: str, value, seconds: float) -> bool:
        """False when it is there already; True without Redis too."""
        added = cache.add(f"{self.name}:{key}", value, seconds)
        self._count(not added)
        return added

    def incr(self, key: str):
        """As Django's: ValueError when there is none; None without Redis."""
        value = cache.incr(f"{self.name}:{key}")
        self.counted.hits += 1
        return value

    def delete(self, key: str) -> None:
        cache.delete(f"{self.name}:{key}")

    def _count(self, hit: bool) -> None:
        if hit:
            self.counted.hits += 1
        else:
            self.counted.misses += 1


THROTTLE = Namespace("throttle", "接口限流计数")
WECHAT = Namespace("wechat", "微信接口凭证")
PAYMENT_ASKED = Namespace("payment-asked", "支付结果查询间隔")
STATISTICS = Namespace("statistics", "各进程的缓存统计")
SHARED = {space.name: space for space in (THROTTLE, WECHAT, PAYMENT_ASKED, STATISTICS)}

# What each process remembers for at most a second, or as long as its key is the right one.
MEMOS = {
    "sessions": ("登录会话", "accounts.tokens._live"),
    "permissions": ("角色权限", "accounts.scope._granted"),
    "organisations": ("机构层级", "accounts.scope.organisation_tree"),
    "tokens": ("令牌验签结果", "accounts.tokens._claims"),
    "parameters": ("系统参数", "accounts.services.parameters._saved"),
    "templates": ("通知模板", "accounts.services.templates.find_template"),
    "template-list": ("通知模板清单", "accounts.services.templates.all_templates"),
    "agreements": ("现行协议", "accounts.services.consents.current_agreement"),
    "secrets": ("保密参数", "accounts.services.parameters._secrets"),
    "sms-providers": ("短信商送达率", "accounts.services.receipts.failing_providers"),
}


@dataclass(frozen=True)
class Memory:
    """What this process remembers of one kind: a memo, or functools' cache."""

    name: str
    title: str
    hits: int
    misses: int
    size: int
    clear: Callable[[], None]


def memories() -> list[Memory]:
    return [_memory(name, title, _function(path)) for name, (title, path) in MEMOS.items()]


def _memory(name: str, title: str, kept) -> Memory:
    if hasattr(kept, "counted"):
        return Memory(name, title, kept.counted.hits, kept.counted.misses, kept.size(), kept.clear)
    found = kept.cache_info()
    return Memory(name, title, found.hits, found.misses, found.currsize, kept.cache_clear)


def forget(names: Iterable[str]) -> None:
    """Empty those of this process' memories, and all of them for "" ."""
    wanted = set(names)
    for memory in memories():
        if "" in wanted or memory.name in wanted:
            memory.clear()


_function = once(import_string)


def statistics() -> dict[str, list[int]]:
    """{namespace: [hits, misses, kept here]} of this process."""
    found = {m.name: [m.hits, m.misses, m.size] for m in memories()}
    return found | {s.name: [s.counted.hits, s.counted.misses, 0] for s in SHARED.values()}


_next = 0.0


def publish_statistics() -> None:
    """Called by the pulse: where the cache is shared, tell the other processes."""
    global _next
    if time.monotonic() < _next:
        return
    _next = time.monotonic() + PUBLISH_SECONDS
    who = f"{socket.gethostname()}:{os.getpid()}"
    STATISTICS.set(who, statistics(), FORGET_SECONDS)
