"""Whatever is kept to be quick has a name in the cache console, so that it can be emptied."""

import ast

from config.caches import MEMOS, memories
from tests.architecture.sources import sources

# What is remembered to say something once in a while: nothing to empty.
NO_DATA = {"config.sealing._reported"}


def memos() -> set[str]:
    return {
        f"{source.path.removesuffix('.py').replace('/', '.')}.{node.name}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "memo"
    }


def test_every_memo_is_listed_in_config_caches():
    assert memos() - NO_DATA - {path for _title, path in MEMOS.values()} == set()
    assert len(memos()) > 5
    assert len(memories()) == len(MEMOS)


def test_the_shared_cache_is_used_through_its_namespaces_alone():
    allowed = {"config/caches.py", "config/shared_cache.py"}
    users = {source.path for source in sources() if "django.core.cache import cache" in source.text}
    assert users == allowed
