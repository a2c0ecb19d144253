"""Subscribe messages."""

import pytest

SEND = "/cgi-bin/message/subscribe/send"
TEMPLATE = "mQ1rX8d0aGqE2bW4tY6uI8oP0sD2fG4hJ6kL8zX0cV2"


def message(openid: str, **data: str) -> dict:
    values = data or {"thing1": "预约成功", "time2": "2026年11月20日 15:01"}
    return {
        "touser": openid,
        "template_id": TEMPLATE,
        "page": "pages/orders/detail?id=1",
        "miniprogram_state": "formal",
        "lang": "zh_CN",
        "data": {name: {"value": value} for name, value in values.items()},
    }


def test_one_acceptance_allows_one_message(control, wx, alice):
    assert wx.call(SEND, message(alice["openid"]))["errcode"] == 43101
    assert control.subscribe("alice", TEMPLATE)["remaining"] == 1

    sent = wx.call(SEND, message(alice["openid"]))
    assert (sent["errcode"], sent["errmsg"]) == (0, "ok")
    assert isinstance(sent["msgid"], int)
    assert wx.call(SEND, message(alice["openid"]))["errcode"] == 43101


def test_the_outbox_shows_what_was_sent(control, wx, alice):
    control.persona(id="bob")
    control.subscribe("alice", TEMPLATE)
    wx.call(SEND, message(alice["openid"]))

    [entry] = control.outbox("subscribe", to=alice["openid"])
    assert entry["persona"] == "alice"
    assert entry["template_id"] == TEMPLATE
    assert entry["page"] == "pages/orders/detail?id=1"
    assert entry["values"] == {"thing1": "预约成功", "time2": "2026年11月20日 15:01"}
    assert control.outbox("subscribe", since=entry["at"] + 1) == []
    assert control.outbox("subscribe", to="somebody") == []


def test_acceptances_add_up_and_rejections_do_not(control, wx, alice):
    control.subscribe("alice", TEMPLATE, "accept")
    control.subscribe("alice", TEMPLATE, "reject")
    assert control.subscribe("alice", TEMPLATE, "accept")["remaining"] == 2


def test_ban_takes_what_was_granted(control, wx, alice):
    control.subscribe("alice", TEMPLATE)
    control.subscribe("alice", TEMPLATE, "ban")

    assert wx.call(SEND, message(alice["openid"]))["errcode"] == 43101


def test_the_quota_belongs_to_one_person_and_template(control, wx, alice):
    control.persona(id="bob")
    control.subscribe("bob", TEMPLATE)
    control.subscribe("alice", "another-template")

    assert wx.call(SEND, message(alice["openid"]))["errcode"] == 43101


def test_a_refused_message_costs_no_quota(control, wx, alice):
    control.subscribe("alice", TEMPLATE)
    too_long = message(alice["openid"], thing1="二十一个字的内容二十一个字的内容二十一个")
    assert len(too_long["data"]["thing1"]["value"]) == 20
    too_long["data"]["thing1"]["value"] += "字"

    refused = wx.call(SEND, too_long)
    assert refused["errcode"] == 47003
    assert refused["errmsg"].startswith("argument invalid! data.thing1.value invalid")
    assert wx.call(SEND, message(alice["openid"]))["errcode"] == 0


def test_escaped_text_counts_as_it_is_sent(control, wx, alice):
    control.subscribe("alice", TEMPLATE)
    body = message(alice["openid"], thing1="预约成功")

    assert wx.call(SEND, body, escape=True)["errcode"] == 47003
    assert wx.call(SEND, body)["errcode"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("thing1", "二十个字的内容二十个字的内容二十个字内容"),
        ("number1", "12.50"),
        ("letter1", "ABC"),
        ("symbol1", "!@#"),
        ("character_string1", "T2026-11/20"),
        ("time1", "15:01"),
        ("time1", "2019年10月1日 15:01"),
        ("time1", "2019年10月1日 15:01~16:00"),
        ("date1", "2019年10月1日"),
        ("amount1", "¥100.00"),
        ("amount1", "100元"),
        ("phone_number1", "+86-0766-66888866"),
        ("car_number1", "粤A8Z888"),
        ("name1", "张三"),
        ("phrase1", "已付款"),
    ],
)
def test_good_values(control, wx, alice, name, value):
    control.subscribe("alice", TEMPLATE)
    assert wx.call(SEND, message(alice["openid"], **{name: value}))["errcode"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("thing1", ""),
        ("thing1", "两\n行"),
        ("number1", "十二"),
        ("letter1", "中文"),
        ("symbol1", "!@#$%^"),
        ("character_string1", "中文"),
        ("character_string1", "x" * 33),
        ("time1", "明天下午"),
        ("date1", "2019-13"),
        ("amount1", "一百元"),
        ("amount1", "12345678901"),
        ("phone_number1", "1" * 18),
        ("car_number1", "粤A8Z888挂车长"),
        ("name1", "名字超过十个汉字的某某人"),
        ("phrase1", "六个字的短语"),
        ("phrase1", "paid"),
        ("unknown1", "x"),
        ("thing", "x"),
    ],
)
def test_bad_values(control, wx, alice, name, value):
    control.subscribe("alice", TEMPLATE)
    answer = wx.call(SEND, message(alice["openid"], **{name: value}))

    assert answer["errcode"] == 47003
    assert f"data.{name}.value" in answer["errmsg"]
    assert control.outbox("subscribe") == []


def test_registered_template_wants_exactly_its_fields(control, wx, alice):
    control.template(TEMPLATE, ["thing1", "time2"])
    control.subscribe("alice", TEMPLATE)
    openid = alice["openid"]

    missing = wx.call(SEND, message(openid, thing1="好"))
    extra = wx.call(SEND, message(openid, thing1="好", time2="15:01", thing3="多"))
    assert (missing["errcode"], extra["errcode"]) == (47003, 47003)
    assert "data.time2.value" in missing["errmsg"]
    assert "data.thing3.value" in extra["errmsg"]
    assert wx.call(SEND, message(openid))["errcode"] == 0


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "oNobodyHasThisOpenid00000000"}, 40003),
        ({"touser": None}, 40003),
        ({"template_id": ""}, 40037),
        ({"template_id": "有空格 的"}, 40037),
        ({"page": "/pages/index"}, 41030),
        ({"page": "pages index"}, 41030),
        ({"miniprogram_state": "beta"}, 40097),
        ({"data": {}}, 47003),
        ({"data": {"thing1": "not an object"}}, 47003),
    ],
)
def test_other_refusals(control, wx, alice, change, errcode):
    control.subscribe("alice", TEMPLATE)
    assert wx.call(SEND, message(alice["openid"]) | change)["errcode"] == errcode


def test_deleted_template_is_refused(control, wx, alice):
    control.subscribe("alice", TEMPLATE)
    control.template(TEMPLATE, [], valid=False)

    assert wx.call(SEND, message(alice["openid"]))["errcode"] == 40037


def test_openid_differing_in_case_is_somebody_else(control, wx, alice):
    control.subscribe("alice", TEMPLATE)
    assert wx.call(SEND, message(alice["openid"].swapcase()))["errcode"] == 40003
