"""Access tokens and what calls without a good one get."""

import pytest

CHECK = "/wxa/msg_sec_check"


def accepted(wx, token: str) -> bool:
    """Whether a call gets past its token (and then fails for its empty content)."""
    return wx.post(CHECK, {"openid": "nobody"}, token)["errcode"] == 40003


def test_stable_token_stays_the_same_until_five_minutes_before_its_end(control, wx):
    first = wx.stable_token()
    assert first["expires_in"] == 7200

    control.clock(advance=7200 - 300 - 5)
    again = wx.stable_token()
    assert again["access_token"] == first["access_token"]
    assert 300 < again["expires_in"] <= 306

    control.clock(advance=10)
    newer = wx.stable_token()
    assert newer["access_token"] != first["access_token"]
    assert accepted(wx, first["access_token"])
    assert accepted(wx, newer["access_token"])


def test_stable_token_expires(control, wx):
    token = wx.stable_token()["access_token"]
    control.clock(advance=7201)

    assert wx.post(CHECK, {}, token)["errcode"] == 42001


def test_forced_refresh_ends_the_old_token_at_once(control, wx):
    old = wx.stable_token()["access_token"]
    new = wx.stable_token(force_refresh=True)["access_token"]

    assert wx.post(CHECK, {}, old)["errcode"] == 40001
    assert accepted(wx, new)


def test_forced_refresh_is_limited(control, wx):
    wx.stable_token(force_refresh=True)
    assert wx.stable_token(force_refresh=True)["errcode"] == 45011

    for _ in range(19):
        control.clock(advance=31)
        assert "access_token" in wx.stable_token(force_refresh=True)
    control.clock(advance=31)
    assert wx.stable_token(force_refresh=True)["errcode"] == 45009


def test_plain_token_replaces_the_one_before_after_an_overlap(control, wx):
    old = wx.plain_token()["access_token"]
    new = wx.plain_token()["access_token"]
    assert new != old
    assert accepted(wx, old)

    control.clock(advance=301)
    assert wx.post(CHECK, {}, old)["errcode"] == 40001
    assert accepted(wx, new)


def test_the_two_kinds_of_token_are_independent(control, wx):
    stable = wx.stable_token()["access_token"]
    wx.plain_token()
    control.clock(advance=301)

    assert wx.stable_token()["access_token"] == stable
    assert accepted(wx, stable)


def test_call_without_or_with_an_unknown_token(control, wx):
    assert wx.post(CHECK, {})["errcode"] == 41001
    assert wx.post(CHECK, {}, "made-up")["errcode"] == 40001


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [({"secret": "wrong"}, 40125), ({"appid": "wx09"}, 40013), ({"grant_type": "x"}, 40097)],
)
def test_token_request_with_wrong_parameters(control, wx, changes, errcode):
    assert wx.stable_token(**changes)["errcode"] == errcode


def test_wrong_method_empty_body_and_bad_json(control, wx):
    token = wx.stable_token()["access_token"]
    query = {"access_token": token}

    assert wx.http.get(CHECK, params=query).json()["errcode"] == 43002
    assert wx.http.post(CHECK, params=query).json()["errcode"] == 44002
    assert wx.http.post(CHECK, params=query, content=b"{").json()["errcode"] == 47001
    assert wx.http.post("/cgi-bin/stable_token", content=b"[]").json()["errcode"] == 47001


def test_unknown_path_is_404(wx, control):
    assert wx.http.get("/cgi-bin/nothing").status_code == 404
