"""Who may call WeChat Pay, and how its answers are signed."""

import json
import time

import pytest

from tests.sandbox import crypto

QUERY = "/v3/pay/transactions/out-trade-no/T000000/close"
CERTIFICATES = "/v3/certificates"


def test_good_signature_reaches_the_call(control, merchant):
    assert merchant.call("GET", CERTIFICATES).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mchid": "1900000001"}, "mchid"),
        ({"serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"}, "serial_no"),
        ({"timestamp": "soon"}, "timestamp"),
        ({"signed_body": b"{}"}, "signature"),
        ({"signed_target": CERTIFICATES}, "signature"),
        ({"key": crypto.new_rsa()}, "signature"),
        ({"headers": {"Authorization": "Bearer x"}}, "authorization"),
        ({"headers": {"Authorization": "WECHATPAY2-SHA256-RSA2048 mchid"}}, "authorization"),
    ],
)
def test_wrong_signature_is_refused(control, merchant, changes, field):
    answer = merchant.call("POST", QUERY, {"mchid": merchant.mchid}, **changes)

    assert answer.status_code == 401
    assert answer.json()["code"] == "SIGN_ERROR"
    assert answer.json()["detail"]["field"] == field
    assert "Wechatpay-Signature" not in answer.headers


@pytest.mark.parametrize(("offset", "status"), [(-310, 401), (-290, 404), (290, 404), (310, 401)])
def test_signature_is_good_for_five_minutes(control, merchant, offset, status):
    stamp = int(time.time()) + offset
    answer = merchant.call("POST", QUERY, {"mchid": merchant.mchid}, timestamp=stamp)
    assert answer.status_code == status


def test_the_query_is_part_of_what_is_signed(control, merchant):
    answer = merchant.call("GET", f"{CERTIFICATES}?a=1", signed_target=CERTIFICATES)
    assert answer.status_code == 401


def test_signature_times_follow_the_real_clock(control, merchant):
    control.clock(advance=86400)

    answer = merchant.call("GET", CERTIFICATES)
    assert answer.status_code == 200
    assert abs(int(answer.headers["Wechatpay-Timestamp"]) - time.time()) < 5


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"Accept": "text/html"}, "Accept"),
        ({"User-Agent": ""}, "User-Agent"),
        ({"Content-Type": "text/plain"}, "Content-Type"),
    ],
)
def test_required_headers(control, merchant, headers, field):
    answer = merchant.call("POST", QUERY, {"mchid": merchant.mchid}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "PARAM_ERROR")
    assert answer.json()["detail"]["field"] == field


def verified(env, sandbox, answer, serial: str) -> bool:
    """Whether an answer is signed by the key that its serial names."""
    keys = sandbox.world.rails[1].keys
    assert answer.headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
    assert answer.headers["Wechatpay-Serial"] == serial
    assert answer.headers["Request-ID"]
    stamp, nonce = answer.headers["Wechatpay-Timestamp"], answer.headers["Wechatpay-Nonce"]
    message = f"{stamp}\n{nonce}\n".encode() + answer.content + b"\n"
    key = keys.signer_for(serial).key.public_key()
    return crypto.rsa_verify(key, message, answer.headers["Wechatpay-Signature"])


def test_the_request_chooses_the_signing_key(control, merchant, env, sandbox):
    platform = control.rotate_certificate()[-1]
    public = env["WXPAY_PUBLIC_KEY_ID"]

    for wish, serial in ((public, public), ("", platform), (platform, platform)):
        answer = merchant.call("GET", CERTIFICATES, headers={"Wechatpay-Serial": wish})
        assert verified(env, sandbox, answer, serial)


def test_errors_are_signed_too(control, merchant, env, sandbox):
    answer = merchant.call("POST", QUERY, {"mchid": merchant.mchid})

    assert (answer.status_code, answer.json()["code"]) == (404, "ORDER_NOT_EXIST")
    assert verified(env, sandbox, answer, env["WXPAY_PUBLIC_KEY_ID"])


def test_close_answers_204_signed_over_nothing(control, merchant, alice, receiver, env, sandbox):
    merchant.prepay(alice["openid"], "T000000", receiver.url)
    answer = merchant.call("POST", QUERY, {"mchid": merchant.mchid})

    assert (answer.status_code, answer.content) == (204, b"")
    assert verified(env, sandbox, answer, env["WXPAY_PUBLIC_KEY_ID"])


def test_body_that_is_no_json(control, merchant):
    answer = merchant.call("POST", "/v3/pay/transactions/jsapi", ["a list"])
    assert (answer.status_code, answer.json()["code"]) == (400, "PARAM_ERROR")

    answer = merchant.call("GET", "/v3/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")


def test_sdk_verifies_what_it_gets(control, sdk):
    status, text = sdk._core.request(CERTIFICATES)

    assert status == 200
    assert json.loads(text)["data"]
