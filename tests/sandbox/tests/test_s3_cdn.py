"""The CDN in front of the bucket: signed links and who may embed them."""

import hashlib
import time
from urllib.parse import quote

import httpx
import pytest

from tests.sandbox.client import SandboxRefusedError

KEY = "课程/1 a.mp4"


@pytest.fixture
def link(control, store, env):
    """Makes a link to an object that is there."""
    store.put(KEY, b"0123456789", headers={"Content-Type": "video/mp4"})

    def make(
        key: str = KEY, moment: float = 0, secret: str = "", name: str = "auth_key", rand: str = "0"
    ) -> str:
        path, stamp = f"/{quote(key)}", int(moment or time.time())
        text = f"{path}-{stamp}-{rand}-0-{secret or env['CDN_KEY']}"
        digest = hashlib.md5(text.encode()).hexdigest()
        return f"{env['CDN_BASE']}{path}?{name}={stamp}-{rand}-0-{digest}"

    return make


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, trust_env=False)


def test_a_signed_link_reads_the_object(link):
    whole, part = get(link()), get(link(rand="abc"), Range="bytes=2-3")

    assert (whole.status_code, whole.content) == (200, b"0123456789")
    assert whole.headers["content-type"] == "video/mp4"
    assert (part.status_code, part.content) == (206, b"23")
    assert get(link(name="sign")).status_code == 200


def test_forged_and_tampered_links(link, control, store):
    store.put("other", b"secret")
    good = link()

    assert get(link(secret="wrong")).status_code == 403
    assert get(good.replace(quote(KEY), "other")).status_code == 403
    assert get(good[:-1]).status_code == 403
    assert get(good.split("?")[0] + "?auth_key=x").status_code == 403
    assert get(good.split("?")[0]).status_code == 403
    assert httpx.put(good, content=b"x", trust_env=False).status_code == 405
    assert control.object_bytes(KEY) == b"0123456789"


def test_a_link_lives_half_an_hour(control, link):
    assert get(link(moment=time.time() - 1790)).status_code == 200
    assert get(link(moment=time.time() - 1810)).status_code == 403

    fresh = link()
    assert control.cdn_rules(life=60)["life"] == 60
    assert get(link(moment=time.time() - 70)).status_code == 403
    control.age_links(70)
    assert get(fresh).status_code == 403
    assert get(link()).status_code == 200


def test_who_may_embed(control, link):
    control.cdn_rules(referers=["servicewechat.com", ".banxin.test"])
    mini = "https://servicewechat.com/wx0123/7/page-frame.html"

    assert get(link(), Referer=mini).status_code == 200
    assert get(link(), Referer="https://h5.banxin.test/").status_code == 200
    assert get(link(), Referer="https://servicewechat.com.evil.test/").status_code == 403
    assert get(link(), Referer="https://evilbanxin.test/").status_code == 403
    assert get(link()).status_code == 200
    control.cdn_rules(allow_empty=False)
    assert get(link()).status_code == 403


def test_a_link_to_nothing(link):
    assert get(link("nothing")).status_code == 404


def test_trouble_with_the_cdn(control, link):
    control.fault("status:504", "s3", "cdn")
    assert [get(link()).status_code for _ in range(2)] == [504, 200]


@pytest.mark.parametrize("rules", [{"life": -1}, {"referers": "x"}, {"other": 1}])
def test_wrong_rules(control, rules):
    with pytest.raises(SandboxRefusedError) as refused:
        control.cdn_rules(**rules)
    assert refused.value.status == 400
