"""Merchants in certificate mode, and a platform certificate that changes under way."""

import json
from pathlib import Path

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType


@pytest.fixture
def certificate_sdk(env, sandbox, tmp_path):
    """The SDK with a pre-seeded platform certificate and no public key."""
    platform = sandbox.world.rails[1].keys.platform[-1]
    (tmp_path / f"{platform.serial}.pem").write_text(platform.pem)
    client = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=env["WXPAY_MCHID"],
        private_key=Path(env["WXPAY_PRIVATE_KEY_FILE"]).read_text(),
        cert_serial_no=env["WXPAY_CERT_SERIAL"],
        appid=env["WX_APPID"],
        apiv3_key=env["WXPAY_APIV3_KEY"],
        cert_dir=str(tmp_path),
        timeout=(3, 10),
    )
    client._core._gate_way = env["WXPAY_BASE"]
    return client


def test_certificate_mode_reads_answers_and_notices(control, certificate_sdk, paid):
    number = paid()
    status, text = certificate_sdk.query(out_trade_no=number)
    assert (status, json.loads(text)["trade_state"]) == (200, "SUCCESS")

    notice = control.notice(number, serial="platform")
    event = certificate_sdk.callback(notice["headers"], notice["body"])
    assert event["resource"]["out_trade_no"] == number


def test_rotation_is_picked_up_from_the_certificates_call(control, certificate_sdk, paid):
    number = paid()
    serials = control.rotate_certificate()

    status, _ = certificate_sdk.query(out_trade_no=number)
    assert status == 200
    known = {format(c.serial_number, "X") for c in certificate_sdk._core._certificates}
    assert set(serials) == known


def test_public_key_mode_also_reads_notices_signed_by_the_platform(control, sdk, paid):
    number = paid()
    control.rotate_certificate()

    notice = control.notice(number, serial="platform")
    assert sdk.callback(notice["headers"], notice["body"])["resource"]["out_trade_no"] == number
