"""The control API's shared part."""

import httpx
import pytest

from tests.sandbox.client import PREFIX, SandboxRefusedError


def test_health(control):
    health = control.health()
    assert (health["status"], health["rails"]) == (
        "ok",
        [
            "wx",
            "wxpay",
            "alipay",
            "unionpay",
            "sms",
            "s3",
        ],
    )


def test_persona_with_an_id_is_made_once(control):
    first = control.persona(id="bob", nickname="Bob", phone="13800138000")
    again = control.persona(id="bob", nickname="Bobby")

    assert again == first | {"nickname": "Bobby"}
    assert [persona["id"] for persona in control.personas()] == ["bob"]


def test_personas_without_an_id_are_different_people(control):
    one, other = control.persona(nickname="x"), control.persona(nickname="x")

    assert one["openid"] != other["openid"]
    assert one["phone"] != other["phone"]


def test_openids_that_differ_only_in_case(control, wx):
    control.persona(id="lower", openid="oabcdefghijklmnopqrstuvwxyz0")
    control.persona(id="upper", openid="oABCDEFGHIJKLMNOPQRSTUVWXYZ0")

    assert wx.login(control.login_code("lower"))["openid"] == "oabcdefghijklmnopqrstuvwxyz0"
    assert wx.login(control.login_code("upper"))["openid"] == "oABCDEFGHIJKLMNOPQRSTUVWXYZ0"
    with pytest.raises(SandboxRefusedError):
        control.persona(id="thief", openid="oabcdefghijklmnopqrstuvwxyz0")


@pytest.mark.parametrize(
    "wishes", [{"risk": "odd"}, {"phone": "1-2"}, {"openid": "short"}, {"openid": 1}]
)
def test_wrong_personas(control, wishes):
    with pytest.raises(SandboxRefusedError) as refused:
        control.persona(**wishes)
    assert refused.value.status == 400


def test_unknown_persona(control):
    for call in (control.login_code, control.phone_code):
        with pytest.raises(SandboxRefusedError) as refused:
            call("nobody")
        assert refused.value.status == 404


def test_clock_moves_and_comes_back(control):
    before = control.clock()["now"]
    assert control.clock(advance=3600)["offset_seconds"] == pytest.approx(3600, abs=1)
    assert control.clock()["now"] - before == pytest.approx(3600, abs=2)

    assert control.clock(scale=60)["scale"] == 60
    assert control.clock(reset=True)["offset_seconds"] == pytest.approx(0, abs=1)
    assert control.clock()["scale"] == 1


@pytest.mark.parametrize("order", [{"advance": 1}, {"advance_seconds": -1}, {"scale": "fast"}, []])
def test_wrong_clock_orders(control, sandbox, order):
    answer = httpx.post(f"{sandbox.control_url}{PREFIX}/clock", json=order, trust_env=False)
    assert answer.status_code == 400
    assert control.clock()["offset_seconds"] == pytest.approx(0, abs=1)


def test_reset_forgets_everything_but_the_keys(control, paid, merchant, wx, env, sandbox):
    paid()
    control.subscribe("alice", "T")
    control.fault("drop", "wx", "token")
    control.clock(advance=100)
    token = wx.stable_token()["access_token"]
    control.reset()

    assert (control.personas(), control.trades(), control.refunds()) == ([], [], [])
    assert (control.outbox(), control.faults(), control.grants()) == ([], [], [])
    assert control.book()["entries"] == []
    assert control.clock()["offset_seconds"] == pytest.approx(0, abs=1)
    assert wx.post("/wxa/msg_sec_check", {}, token)["errcode"] == 40001
    assert sandbox.env() == env
    assert merchant.call("GET", "/v3/certificates").status_code == 200


def test_reset_forgets_pending_notices(control, paid, receiver):
    receiver.answers = [500]
    number = paid(notify="auto")
    receiver.wait(1)
    control.reset()
    control.clock(advance=86400)
    control.persona(id="alice")
    later = paid(notify="auto")
    control.wait_notice(out_trade_no=later)

    assert control.outbox("notify", out_trade_no=number) == []
    assert len(receiver.deliveries) == 2


def test_the_page_shows_what_there_is(control, paid, sandbox):
    control.persona(id="eve", nickname="<script>alert(1)</script>")
    number = paid()
    page = httpx.get(sandbox.control_url, trust_env=False)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert number in page.text
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text


def test_unknown_calls(control, sandbox):
    base = f"{sandbox.control_url}{PREFIX}"
    assert httpx.get(f"{base}/nothing", trust_env=False).status_code == 404
    assert httpx.get(f"{base}/reset", trust_env=False).status_code == 405
    assert httpx.post(f"{base}/personas", content=b"{", trust_env=False).status_code == 400
