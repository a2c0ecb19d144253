"""Shipping information: what WeChat takes, refuses and remembers."""

import pytest

UPLOAD, GET, MANAGED = (
    f"/wxa/sec/order/{name}" for name in ("upload_shipping_info", "get_order", "is_trade_managed")
)
PARCEL = {"item_desc": "白玫瑰 11 枝", "tracking_no": "YT0000000001", "express_company": "YTO"}


@pytest.fixture
def trade(control, paid):
    return control.trade(paid())


def info(trade, **changes) -> dict:
    return {
        "order_key": {"order_number_type": 2, "transaction_id": trade["transaction_id"]},
        "logistics_type": 1,
        "delivery_mode": 1,
        "shipping_list": [PARCEL],
        "upload_time": "2026-11-21T10:00:00.000+08:00",
        "payer": {"openid": trade["openid"]},
    } | changes


def code(wx, body) -> int:
    return wx.call(UPLOAD, body)["errcode"]


def test_it_is_taken_and_put_right_once(wx, control, trade):
    assert wx.call(GET, {"transaction_id": trade["transaction_id"]})["order"]["order_state"] == 1

    assert code(wx, info(trade)) == 0

    order = wx.call(GET, {"transaction_id": trade["transaction_id"]})["order"]
    assert (order["order_state"], order["shipping"]["shipping_list"][0]["tracking_no"]) == (
        2, "YT0000000001",
    )  # fmt: skip
    assert code(wx, info(trade, shipping_list=[PARCEL | {"tracking_no": "YT2"}])) == 0
    assert code(wx, info(trade)) == 10060003
    assert [row["uploads"] for row in control.deliveries()] == [2]


def test_by_the_merchants_number(wx, env, trade):
    key = {
        "order_number_type": 1, "mchid": env["WXPAY_MCHID"], "out_trade_no": trade["out_trade_no"],
    }  # fmt: skip
    assert code(wx, info(trade, order_key=key)) == 0
    assert code(wx, info(trade, order_key=key | {"mchid": "1"})) == 10060001


@pytest.mark.parametrize("kind", [2, 3, 4])
def test_what_is_no_parcel_needs_no_number(wx, trade, kind):
    items = [{"item_desc": "心理咨询服务 60 分钟"}]
    assert code(wx, info(trade, logistics_type=kind, shipping_list=items)) == 0


@pytest.mark.parametrize(("changes", "errcode"), [
    ({"order_key": {"order_number_type": 2, "transaction_id": "42"}}, 10060001),
    ({"order_key": {"order_number_type": 3}}, 47001), ({"order_key": None}, 47001),
    ({"logistics_type": 5}, 10060005), ({"logistics_type": "1"}, 10060005),
    ({"shipping_list": []}, 47001), ({"shipping_list": [PARCEL] * 2}, 47001),
    ({"shipping_list": [PARCEL | {"item_desc": ""}]}, 10060008),
    ({"shipping_list": [PARCEL | {"item_desc": "长" * 121}]}, 10060009),
    ({"shipping_list": [{"item_desc": "花"}]}, 47001),
    ({"shipping_list": [PARCEL | {"express_company": "SF"}]}, 47001),
    ({"delivery_mode": 2, "shipping_list": [PARCEL] * 16, "is_all_delivered": True}, 47001),
    ({"upload_time": "2026-11-21 10:00:00"}, 47001), ({"payer": {"openid": "o"}}, 10060031),
])  # fmt: skip
def test_what_is_wrong(wx, control, trade, changes, errcode):
    assert code(wx, info(trade, **changes)) == errcode
    assert control.deliveries() == []


def test_whether_the_account_is_managed(wx, control, env):
    body = {"appid": env["WX_APPID"]}
    assert wx.call(MANAGED, body)["is_trade_managed"] is True
    control.trade_management(False)
    assert wx.call(MANAGED, body)["is_trade_managed"] is False
    assert wx.call(MANAGED, {"appid": "wx0"})["errcode"] == 40013


def test_faults(wx, control, trade):
    control.fault("error:10060028", "wx", "upload_shipping_info")
    assert code(wx, info(trade)) == 10060028
    assert code(wx, info(trade)) == 0
