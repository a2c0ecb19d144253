"""msg_sec_check, version 2."""

import pytest

CHECK = "/wxa/msg_sec_check"


def text(openid: str, content: str = "你好", **more) -> dict:
    return {"version": 2, "openid": openid, "scene": 2, "content": content} | more


@pytest.fixture
def visitor(control, wx, alice):
    wx.login(control.login_code("alice"))
    return alice["openid"]


@pytest.mark.parametrize(
    ("content", "suggest", "label"),
    [
        ("今天天气很好", "pass", 100),
        ("say risky-test please", "risky", 20006),
        ("say review-test please", "review", 20006),
    ],
)
def test_key_words_decide(wx, visitor, content, suggest, label):
    answer = wx.call(CHECK, text(visitor, content))

    assert answer["errcode"] == 0
    assert answer["result"] == {"suggest": suggest, "label": label}
    assert all(item["errcode"] == 0 for item in answer["detail"])
    assert answer["trace_id"]


def test_the_nickname_is_checked_too(wx, visitor):
    answer = wx.call(CHECK, text(visitor, nickname="risky-test", scene=1))
    assert answer["result"]["suggest"] == "risky"


def test_people_who_were_not_here_for_two_hours_are_refused(control, wx, visitor):
    control.clock(advance=7190)
    assert wx.call(CHECK, text(visitor))["errcode"] == 0

    control.clock(advance=20)
    assert wx.call(CHECK, text(visitor))["errcode"] == 61010


def test_people_who_never_came_are_refused(control, wx, alice):
    assert wx.call(CHECK, text(alice["openid"]))["errcode"] == 61010


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"openid": "oNobodyHasThisOpenid00000000"}, 40003),
        ({"version": 1}, 40097),
        ({"scene": 5}, 40129),
        ({"content": ""}, 44002),
        ({"content": "长" * 2501}, 45002),
        ({"signature": "只能用于资料"}, 40097),
    ],
)
def test_refusals(wx, visitor, change, errcode):
    assert wx.call(CHECK, text(visitor) | change)["errcode"] == errcode


def test_longest_text_passes(wx, visitor):
    assert wx.call(CHECK, text(visitor, "长" * 2500))["errcode"] == 0


def test_api_down(control, wx, visitor):
    control.fault("error:-1", "wx", "msg_sec_check")
    control.fault("status:502", "wx", "msg_sec_check")
    token = wx.stable_token()["access_token"]

    assert wx.post(CHECK, text(visitor), token)["errcode"] == -1
    assert wx.http.post(CHECK, params={"access_token": token}, json={}).status_code == 502
    assert wx.post(CHECK, text(visitor), token)["errcode"] == 0
