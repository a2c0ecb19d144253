"""Our client against the sandbox: tokens, messages, and answers that are none."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings
from django.core.cache import cache

from accounts.wechat import WeChatClient, WeChatError, wechat_client
from accounts.wechat_fields import fit, is_field
from tests.helpers import together

FIELDS = {"thing1": "预约成功"}


@pytest.fixture
def person(sandbox):
    sandbox.reset()
    return sandbox.persona()


def send(person, template="t1", page="", **fields):
    wechat_client().send_subscribe_message(
        openid=person["openid"], template_id=template, page=page, fields=fields or FIELDS
    )


def refused(job) -> WeChatError:
    with pytest.raises(WeChatError) as caught:
        job()
    return caught.value


# -- the access token


def test_the_token_is_fetched_once_and_shared(sandbox, person):
    sandbox.subscribe(person["id"], "t1")
    sandbox.subscribe(person["id"], "t1")
    token = wechat_client().access_token()
    sandbox.fault("error:40013", "wx", "stable_token", times=None)  # asking again would fail

    send(person)
    send(person)

    assert wechat_client().access_token() == token
    assert len(sandbox.outbox("subscribe")) == 2


def test_many_threads_ask_for_it_once(sandbox, person):
    sandbox.fault("delay:100", "wx", "stable_token")
    sandbox.fault("error:40013", "wx", "stable_token", times=None)

    assert len(set(together(16, lambda i: wechat_client().access_token()))) == 1


def test_it_is_kept_until_five_minutes_before_its_end(person, monkeypatch):
    kept = {}
    monkeypatch.setattr(cache, "set", lambda key, value, seconds: kept.update({key: seconds}))

    wechat_client().access_token()

    assert kept == {f"wechat:token:{settings.WX_APPID}": 6900}


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_dead_token_is_replaced_once_and_the_call_repeated_once(sandbox, person, errcode):
    sandbox.subscribe(person["id"], "t1")
    wechat_client().access_token()
    sandbox.fault(f"error:{errcode}", "wx", "subscribe_send")

    send(person)

    assert len(sandbox.outbox("subscribe")) == 1


def test_a_token_that_stays_dead_is_not_asked_for_forever(sandbox, person):
    sandbox.fault("error:40001", "wx", "subscribe_send", times=2)

    error = refused(lambda: send(person))

    assert (error.errcode, error.permanent) == (40001, False)
    assert sandbox.faults() == []  # twice, not three times


def test_a_token_forged_into_the_cache_heals(sandbox, person):
    sandbox.subscribe(person["id"], "t1")
    cache.set(f"wechat:token:{settings.WX_APPID}", "poison", 60)

    send(person)

    assert cache.get(f"wechat:token:{settings.WX_APPID}") != "poison"


def test_wrong_secret_is_an_error_with_number_and_request_id(settings, person):
    settings.WX_APPSECRET = "wrong-secret-wrong-secret"
    error = refused(lambda: wechat_client().access_token())
    assert (error.errcode, error.permanent, error.refused) == (40125, True, False)
    assert len(error.rid) == 26


def test_settings_changed_at_run_time_are_another_client(settings):
    first = wechat_client()
    assert wechat_client() is first
    settings.WX_APPID = "wx-other"
    assert wechat_client() is not first
    assert wechat_client().appid == "wx-other"


# -- subscribe messages


def test_without_a_grant_it_is_refused(person):
    error = refused(lambda: send(person))
    assert (error.errcode, error.permanent, error.refused) == (43101, True, True)


@pytest.mark.parametrize(
    ("job", "errcode"),
    [
        (lambda p: send(p | {"openid": "oNobody"}), 40003),
        (lambda p: send(p, template="a b"), 40037),
        (lambda p: send(p, page="/pages/../x y"), 41030),
        (lambda p: send(p, template="strict"), 47003),
    ],
)
def test_what_wechat_finds_wrong_is_permanent(sandbox, person, job, errcode):
    sandbox.template("strict", ["thing1", "time2"])
    error = refused(lambda: job(person))
    assert (error.errcode, error.permanent, error.refused) == (errcode, True, False)


def test_chinese_goes_out_unescaped(sandbox, person):
    """The platform counts the text as sent: \\u9884 would be six characters."""
    sandbox.subscribe(person["id"], "t1")
    send(person, thing1="预" * 20)
    assert sandbox.outbox("subscribe")[0]["values"] == {"thing1": "预" * 20}


def test_busy_is_asked_once_more(sandbox, person):
    sandbox.subscribe(person["id"], "t1")
    sandbox.fault("error:-1", "wx", "subscribe_send")
    send(person)
    sandbox.fault("error:-1", "wx", "subscribe_send", times=2)
    assert refused(lambda: send(person)).errcode == -1
    assert sandbox.faults() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("thing1", "x" * 20, "x" * 20), ("thing1", "x" * 21, "x" * 19 + "…"),
        ("thing12", " 两行\n文字 ", "两行 文字"), ("thing1", "", "无"), ("thing1", " \n", "无"),
        ("thing1", "😀" * 21, "😀" * 19 + "…"), ("phrase1", "已预约成功了", "已预约成功"),
        ("phrase1", "OK", "无"), ("name1", "欧阳娜娜", "欧阳娜娜"), ("name1", "王" * 12, "王" * 10),
        ("name1", "Anna Maria", "Anna Maria"), ("name1", "王 A", "王"), ("name1", "123", "无"),
        ("time2", "2026年11月20日 15:01", "2026年11月20日 15:01"), ("time2", "15:01", "15:01"),
        ("time2", "2026年11月20日 15:01~16:01", "2026年11月20日 15:01~16:01"),
        ("date3", "2026-11-20", "2026-11-20"), ("number4", "12.50", "12.50"), ("number4", 3, "3"),
        ("amount5", "100.00元", "100.00元"), ("amount5", "￥1", "￥1"),
        ("character_string6", "ORD2026-1", "ORD2026-1"), ("phone_number7", "138****8000", None),
        ("phone_number7", "+86 13800138000", "+86 13800138000"), ("letter8", "abc", "abc"),
        ("letter8", "a1", None), ("symbol9", "!", "!"), ("car_number1", "粤A12345678", "粤A123456"),
        ("enum1", "x" * 30, "x" * 19 + "…"), ("time2", "明天", None), ("time2", "", None),
        ("number4", "１２", None), ("number4", "9" * 33, None), ("character_string6", "订单", None),
        ("amount5", "-1", None), ("thing", "x", None), ("thing1x", "x", None), ("evil1", "x", None),
    ],
)  # fmt: skip
def test_values_are_cut_to_their_field_or_refused(name, value, expected):
    if expected is None:
        with pytest.raises(ValueError, match=name):
            fit(name, value)
    else:
        assert fit(name, value) == expected


def test_what_we_cut_the_platform_takes(sandbox, person):
    values = {"thing1": "x" * 50, "phrase2": "预约 OK 成功啦啦啦", "name3": "王小明 (先生)",
              "time4": "2026年11月20日 15:01", "amount5": "100.00元", "number6": "3",
              "character_string7": "ORD1", "car_number8": "粤·A123456789"}  # fmt: skip
    sandbox.subscribe(person["id"], "t1")

    send(person, **values)

    assert sandbox.outbox("subscribe")[0]["values"].keys() == values.keys()
    assert all(is_field(name) for name in values)


# -- hostile answers (G-3): a server that is not WeChat at all


@pytest.fixture
def liar():
    """liar(status, body, headers) answers every request with that; gives a client of it."""
    servers = []

    def start(status=200, body=b"", headers=None):
        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        servers.append(server)
        return WeChatClient(f"http://127.0.0.1:{server.server_port}", "wx1", "secret")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def login(openid) -> bytes:
    return json.dumps({"openid": openid, "session_key": "k"}).encode()


@pytest.mark.parametrize(
    "answer",
    [
        {"body": b""}, {"body": b"<html>"}, {"body": b"[]"}, {"body": b"null"}, {"body": b"1"},
        {"body": b"{}"}, {"body": b'{"openid": '}, {"body": b"\xff\xfe"}, {"body": b"[" * 100_000},
        {"body": login(None)}, {"body": login("")}, {"body": login(7)}, {"body": login(["o"])},
        {"body": login("o" * 129)}, {"body": login("中文")}, {"body": b'{"errcode": "40029"}'},
        {"body": b'{"errcode": null, "openid": "o"}'}, {"body": b'{"openid": "o", "unionid": 1}'},
        {"body": b'{"openid": "o", "x": "' + b"x" * 1024 * 1024 + b'"}'},
        {"status": 500, "body": login("o1")}, {"status": 204, "body": b""},
        {"status": 301, "body": login("o1"), "headers": {"Location": "http://127.0.0.1:1/"}},
        {"status": 200, "body": login("o1"), "headers": {"Content-Encoding": "gzip"}},
        {"body": login("o1"), "headers": {"Content-Length": "99999"}},
    ],
)  # fmt: skip
def test_G3_what_is_not_an_answer_is_a_temporary_error(liar, answer):
    error = refused(lambda: liar(**answer).code2session("code"))
    assert (error.errcode, error.permanent, error.refused) == (None, False, False)
    assert "secret" not in str(error)


def test_G3_the_right_answer_is_taken_whatever_its_content_type(liar):
    client = liar(body=login("oAbC"), headers={"Content-Type": "text/plain"})
    person = client.code2session("code")
    assert (person.openid, person.unionid) == ("oAbC", None)
    assert not hasattr(person, "session_key")


@pytest.mark.parametrize("body", [b"{}", b'{"access_token": 1, "expires_in": 1}',
                                  b'{"access_token": "t", "expires_in": "7200"}',
                                  b'{"access_token": "", "expires_in": 7200}'])  # fmt: skip
def test_G3_a_token_that_is_none_is_not_kept(liar, body):
    client = liar(body=body)
    assert refused(client.access_token).errcode is None
    assert cache.get("wechat:token:wx1") is None
