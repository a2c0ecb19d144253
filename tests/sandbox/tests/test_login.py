"""jscode2session and phone codes."""

import base64
import re

import pytest


def test_login_gives_the_openid_of_the_persona(control, wx, alice):
    answer = wx.login(control.login_code("alice"))

    assert answer["openid"] == alice["openid"]
    assert len(base64.b64decode(answer["session_key"])) == 16
    assert set(answer) == {"openid", "session_key"}


def test_openid_looks_real_and_is_stable(control, wx, alice):
    control.reset()
    again = control.persona(id="alice")

    assert again["openid"] == alice["openid"]
    assert re.fullmatch(r"o[\w-]{27}", again["openid"])
    assert again["openid"] != control.persona(id="Alice")["openid"]


def test_unionid_appears_when_the_persona_has_one(control, wx):
    control.persona(id="bob", unionid="ocMvos6NjeKLIBqg5Mr9QjxrP1FA")

    assert wx.login(control.login_code("bob"))["unionid"] == "ocMvos6NjeKLIBqg5Mr9QjxrP1FA"


def test_each_login_makes_a_new_session_key(control, wx, alice):
    first = wx.login(control.login_code("alice"))
    second = wx.login(control.login_code("alice"))

    assert first["session_key"] != second["session_key"]


def test_the_answer_is_json_under_a_text_type(control, wx, alice):
    answer = wx.http.get("/sns/jscode2session", params={"appid": wx.appid})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain"


def test_used_code_is_refused(control, wx, alice):
    code = control.login_code("alice")
    wx.login(code)

    assert wx.login(code)["errcode"] == 40163


def test_unknown_code_is_refused_with_a_request_id(wx, control):
    answer = wx.login("made-up")

    assert answer["errcode"] == 40029
    assert re.fullmatch(r"invalid code rid: \w{8}-\w{8}-\w{8}", answer["errmsg"])


def test_code_lives_five_minutes(control, wx, alice):
    early, late = control.login_code("alice"), control.login_code("alice")

    control.clock(advance=295)
    assert wx.login(early)["openid"] == alice["openid"]

    control.clock(advance=10)
    assert wx.login(late)["errcode"] == 40029


def test_code_of_another_app_is_refused(control, wx, alice):
    assert wx.login(control.login_code("alice", appid="wx0000000000000009"))["errcode"] == 40029


def test_blocked_persona_cannot_log_in(control, wx):
    control.persona(id="mallory", risk="blocked")

    assert wx.login(control.login_code("mallory"))["errcode"] == 40226


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"secret": "wrong"}, 40125),
        ({"appid": "wx0000000000000009"}, 40013),
        ({"grant_type": "password"}, 40097),
    ],
)
def test_wrong_parameters_leave_the_code_unused(control, wx, alice, changes, errcode):
    code = control.login_code("alice")

    assert wx.login(code, **changes)["errcode"] == errcode
    assert wx.login(code)["openid"] == alice["openid"]


def test_more_than_a_hundred_logins_a_minute_are_refused(control, wx, alice):
    for _ in range(100):
        assert "openid" in wx.login(control.login_code("alice"))

    assert wx.login(control.login_code("alice"))["errcode"] == 45011
    control.clock(advance=60)
    assert "openid" in wx.login(control.login_code("alice"))


PHONE = "/wxa/business/getuserphonenumber"


def test_phone_code_gives_the_number_once(control, wx):
    control.persona(id="carol", phone="13580006666")
    code = control.phone_code("carol")

    answer = wx.call(PHONE, {"code": code})
    assert answer["errcode"] == 0
    assert answer["phone_info"]["phoneNumber"] == "13580006666"
    assert answer["phone_info"]["purePhoneNumber"] == "13580006666"
    assert answer["phone_info"]["countryCode"] == "86"
    assert answer["phone_info"]["watermark"]["appid"] == wx.appid

    assert wx.call(PHONE, {"code": code})["errcode"] == 40029


def test_foreign_number_carries_its_country(control, wx):
    control.persona(id="dave", phone="61234567", country_code="852")

    info = wx.call(PHONE, {"code": control.phone_code("dave")})["phone_info"]
    assert (info["phoneNumber"], info["purePhoneNumber"]) == ("+85261234567", "61234567")


def test_login_code_is_no_phone_code(control, wx, alice):
    assert wx.call(PHONE, {"code": control.login_code("alice")})["errcode"] == 40029
    assert wx.login(control.phone_code("alice"))["errcode"] == 40029


def test_phone_code_expires(control, wx, alice):
    code = control.phone_code("alice")
    control.clock(advance=301)

    assert wx.call(PHONE, {"code": code})["errcode"] == 40029


def test_phone_code_of_another_app_is_refused(control, wx, alice):
    assert wx.call(PHONE, {"code": control.phone_code("alice", "wx09")})["errcode"] == 40013
