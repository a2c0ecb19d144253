"""The cache console: what it shows, what it empties, and Redis away."""

import socket
import subprocess
import time

import pytest
import redis
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.errors import CacheUnavailable
from accounts.models import CachePurge, OperationLog
from accounts.services import caches as console_of
from accounts.services.caches import console, keys_of, obey_purges, purge
from accounts.services.parameters import parameter
from accounts.services.templates import find_template
from config import caches
from config.caches import SHARED, THROTTLE, WECHAT
from config.errors import NotFound
from tests.helpers import Api

PAGE = "admin:accounts_cachepurge_changelist"


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    """A Redis of this module's own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = str(tmp_path_factory.mktemp("redis"))
    command = ["redis-server", "--port", str(port), "--save", "", "--dir", folder]
    try:
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    except FileNotFoundError:
        pytest.skip("no redis-server here")
    client = redis.Redis(port=port)
    for _ in range(100):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(10)


def use(settings, url):
    options = {"SOCKET_CONNECT_TIMEOUT": 0.2, "SOCKET_TIMEOUT": 1}
    settings.REDIS_URL = url
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache", "LOCATION": url, "KEY_PREFIX": "banxin",
            "OPTIONS": options,
        }
    }  # fmt: skip


@pytest.fixture
def shared(settings, redis_url):
    use(settings, redis_url)
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    return client


@pytest.fixture
def away(settings):
    use(settings, "redis://127.0.0.1:1/0")


@pytest.fixture
def browser(staff):
    browser = Client()
    browser.user = staff("super_admin")
    browser.force_login(browser.user)
    return browser


def row(name):
    return next(row for row in console().rows if row.name == name)


def test_every_use_of_the_cache_has_a_namespace_of_its_own(db):
    names = [row.name for row in console().rows]
    assert len(names) == len(set(names))
    assert {*SHARED, *caches.MEMOS} == set(names)


def test_hits_and_misses_are_counted(shared, db):
    before = row("wechat")
    WECHAT.set("a", "secret", 60)
    assert [WECHAT.get("a"), WECHAT.get("a"), WECHAT.get("b")] == ["secret", "secret", None]

    after = row("wechat")

    assert (after.hits - before.hits, after.misses - before.misses) == (2, 1)
    assert (after.shared, after.keys) == (True, 1)


def test_what_a_process_remembers_is_counted_too(db):
    before = row("templates")
    for _ in range(3):
        find_template("password_changed")
    after = row("templates")
    assert (after.hits - before.hits, after.misses - before.misses, after.keys) == (2, 1, 1)


def test_numbers_of_all_processes_are_added_up(shared, db):
    told = {"wechat": [5, 1, 0], "sessions": [7, 3, 2]}
    for who in ("web:1", "web:2"):
        caches.STATISTICS.set(who, told, 20)

    found = console()

    assert (found.shared, found.up, found.processes) == (True, True, 2)
    by_name = {row.name: row for row in found.rows}
    assert (by_name["wechat"].hits, by_name["wechat"].rate) == (10, "83.3%")
    assert (by_name["sessions"].misses, by_name["sessions"].keys) == (6, 4)


def test_a_process_tells_its_numbers_every_five_seconds(shared, db, monkeypatch):
    monkeypatch.setattr(caches, "_next", 0.0)
    for _ in range(3):
        caches.publish_statistics()
    (key,) = keys_of("statistics")
    assert 15 <= key.ttl <= caches.FORGET_SECONDS


def test_keys_are_listed_without_their_values(shared, browser):
    WECHAT.set("token:wx1", "top-secret-token", 60)
    shared.set("celery-task-meta-1", "not ours")

    (key,) = keys_of("wechat")
    assert (key.name, key.kind) == ("wechat:token:wx1", "string")
    assert 50 <= key.ttl <= 60
    assert key.size > 0

    page = browser.get(reverse(PAGE), {"namespace": "wechat"}).content.decode()
    assert "wechat:token:wx1" in page
    assert "top-secret-token" not in page
    assert "celery-task-meta" not in page


def test_one_key_a_namespace_and_all_are_emptied(shared, browser):
    for n in range(1200):
        THROTTLE.set(f"read:{n}", 1, 60)
    WECHAT.set("a", "x", 60)
    WECHAT.set("b", "x", 60)
    shared.set("_kombu.binding.celery", "the broker's")

    assert purge(key="wechat:a", actor=browser.user).removed == 1
    assert (WECHAT.get("a"), WECHAT.get("b")) == (None, "x")
    assert purge(namespace="throttle", actor=browser.user).removed == 1200
    assert purge(actor=browser.user).removed == 1
    assert shared.dbsize() == 1  # the broker's
    assert [str(done) for done in CachePurge.objects.all()] == ["全部", "throttle", "wechat:a"]


@pytest.mark.parametrize("namespace", ["nothing", "throttle*", "celery", "*", "thr"])
def test_what_is_no_namespace_is_not_emptied(shared, db, namespace):
    shared.set("celery", 1)
    for wanted in ({"namespace": namespace}, {"key": f"{namespace}:x"}):
        with pytest.raises(NotFound):
            purge(**wanted, actor=None)
    assert shared.dbsize() == 1
    assert CachePurge.objects.exists() is False


def test_other_processes_forget_with_their_next_pulse(db, monkeypatch):
    """This process plays the other one: it has not seen the row."""
    find_template("password_changed")
    parameter("SMS_DAY_BUDGET")
    assert find_template.size() == 1

    purge(namespace="parameters", actor=None)
    find_template("password_changed")
    assert find_template.size() == 1  # another namespace's

    purge(namespace="templates", actor=None)
    assert find_template.size() == 0
    find_template("password_changed")
    obey_purges()
    assert find_template.size() == 1  # once is enough

    monkeypatch.setattr(console_of, "_seen", set())
    obey_purges()
    assert find_template.size() == 0


def test_without_redis_a_purge_reaches_the_memory_of_every_process(db, monkeypatch):
    WECHAT.set("a", "x", 60)
    THROTTLE.set("b", 1, 60)
    cache.set("elsewhere", 1, 60)
    monkeypatch.setattr(console_of, "_seen", set())
    CachePurge.objects.create(namespace="wechat")  # another process did it

    obey_purges()

    assert (WECHAT.get("a"), THROTTLE.get("b"), cache.get("elsewhere")) == (None, 1, 1)


def test_redis_away_is_said_and_nothing_breaks(away, browser):
    found = console()
    assert (found.shared, found.up) == (True, False)
    assert {row.keys for row in found.rows if row.shared} == {None}

    for query in ({}, {"namespace": "wechat"}):
        page = browser.get(reverse(PAGE), query)
        assert page.status_code == 200
        assert "Redis 无法连接" in page.content.decode()
    with pytest.raises(CacheUnavailable):
        purge(namespace="wechat", actor=None)
    with pytest.raises(CacheUnavailable):
        purge(actor=None)
    assert CachePurge.objects.exists() is False
    assert purge(namespace="sessions", actor=None).removed == 0  # that is not in Redis


def test_no_redis_is_said(browser):
    assert "未配置 Redis" in browser.get(reverse(PAGE)).content.decode()


def test_a_purge_is_asked_for_twice_and_logged(browser):
    WECHAT.set("a", "x", 60)
    address = reverse("admin:accounts_cachepurge_purge")

    asked = browser.post(address, {"namespace": "wechat"})
    assert (asked.status_code, WECHAT.get("a")) == (200, "x")
    assert OperationLog.objects.exists() is False
    assert browser.get(address).status_code == 405

    answer = browser.post(address, {"namespace": "wechat", "confirm": "1"}, follow=True)

    assert "已清除“wechat”" in answer.content.decode()
    assert WECHAT.get("a") is None
    log = OperationLog.objects.get()
    assert (log.operation, log.status, log.admin) == ("cache:purge", "success", browser.user)
    assert log.request_params["namespace"] == "wechat"


def test_a_refused_purge_is_logged_as_such(away, browser):
    address = reverse("admin:accounts_cachepurge_purge")
    answer = browser.post(address, {"confirm": "1"}, follow=True)
    assert "缓存服务器无法连接" in answer.content.decode()
    assert OperationLog.objects.get().status == "failed"


@pytest.mark.parametrize("role", ["admin", "finance", "content_manager", "customer_service"])
def test_only_who_configures_the_system_gets_in(staff, role):
    browser = Client()
    browser.force_login(staff(role))
    assert browser.get(reverse(PAGE)).status_code == 403
    answer = browser.post(reverse("admin:accounts_cachepurge_purge"), {"confirm": "1"})
    assert answer.status_code == 403
    assert CachePurge.objects.exists() is False


def test_the_throttle_still_counts(settings, user):
    settings.THROTTLE_RATES = {"read": 2, "write": 1, "login": 1}
    api = Api(user)
    assert [api.get("/users/profile").status_code for _ in range(3)] == [200, 200, 429]
