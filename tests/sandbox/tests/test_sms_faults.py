"""Trouble on order with both providers, and receipts."""

import json
import time

import httpx
import pytest

from tests.sandbox.client import SandboxRefusedError

PHONE = "13800138000"


def test_account_trouble_and_then_success(control, aliyun):
    control.fault("error:isv.AMOUNT_NOT_ENOUGH", "sms", "aliyun")
    refused = aliyun.v3(aliyun.params(PHONE))

    assert refused.status_code == 200
    assert refused.json()["Code"] == "isv.AMOUNT_NOT_ENOUGH"
    assert refused.json()["Message"] == "账户余额不足"
    assert control.outbox("sms") == []
    assert aliyun.send(PHONE)["Code"] == "OK"


def test_gateway_trouble_has_a_status_of_its_own(control, aliyun):
    control.fault("error:ServiceUnavailable", "sms", "aliyun")
    answer = aliyun.v3(aliyun.params(PHONE))
    assert (answer.status_code, answer.json()["Code"]) == (503, "ServiceUnavailable")


def test_trouble_of_the_request_and_of_a_number(control, tencent):
    control.fault("error:InternalError.Timeout", "sms", "tencent")
    control.fault("error:FailedOperation.InsufficientBalanceInSmsPackage", "sms", "tencent")

    assert tencent.call(tencent.body(PHONE))["Error"]["Code"] == "InternalError.Timeout"
    status = tencent.status(f"+86{PHONE}")
    assert status["Code"] == "FailedOperation.InsufficientBalanceInSmsPackage"
    assert control.outbox("sms") == []


def test_a_fault_may_choose_the_number_at_both_providers(control, aliyun, tencent):
    control.fault("status:502", "sms", match={"phone": PHONE}, times=2)

    assert aliyun.send("13800138001")["Code"] == "OK"
    assert aliyun.v3(aliyun.params(PHONE)).status_code == 502
    assert tencent.send(tencent.body(f"+86{PHONE}")).status_code == 502
    assert [entry["to"] for entry in control.outbox("sms")] == ["13800138001"]


def test_lost_and_broken_answers_come_after_the_work(control, aliyun, tencent):
    for action in ("drop", "truncate_body"):
        control.fault(action, "sms", "aliyun")
        with pytest.raises(httpx.TransportError):
            aliyun.send(PHONE)
        assert len(control.outbox("sms")) == 1
        control.clock(advance=61)
        control.fault(action, "sms", "tencent")
        with pytest.raises(httpx.TransportError):
            tencent.status(f"+86{PHONE}")
        control.reset()


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
def test_an_answer_that_is_no_json(control, aliyun, tencent, provider):
    control.fault("bad_json", "sms", provider)
    if provider == "aliyun":
        answer = aliyun.v3(aliyun.params(PHONE))
    else:
        answer = tencent.send(tencent.body(f"+86{PHONE}"))

    assert (answer.status_code, answer.text) == (200, '{"half": ')
    assert len(control.outbox("sms")) == 1


def test_slow_answer(control, aliyun):
    control.fault("delay:300", "sms", "aliyun")
    began = time.perf_counter()
    aliyun.send(PHONE)
    assert time.perf_counter() - began >= 0.3


def test_a_wrongly_signed_request_uses_up_no_fault(control, aliyun):
    control.fault("error:isp.SYSTEM_ERROR", "sms", "aliyun")
    aliyun.v3(aliyun.params(PHONE), secret="wrong")
    assert aliyun.send(PHONE)["Code"] == "isp.SYSTEM_ERROR"


@pytest.mark.parametrize(
    "order",
    [
        {"action": "bad_signature"},
        {"action": "notify_before_response"},
        {"action": "error:-1"},
        {"action": "drop", "op": "jsapi"},
    ],
)
def test_faults_that_cannot_happen_here(control, order):
    with pytest.raises(SandboxRefusedError) as refused:
        control.fault(rail="sms", **order)
    assert refused.value.status == 400


def test_receipts_are_posted_until_accepted(control, aliyun, receiver):
    receiver.answers, receiver.text = [500, 200], b'{"code": 0, "msg": "ok"}'
    biz_id = aliyun.send(PHONE, OutId="7")["BizId"]
    notice = control.sms_report(control.last_sms(PHONE)["id"], receiver.url)
    receiver.wait(1)
    control.wait_notice(id=notice, state="pending")
    control.clock(advance=60)
    control.wait_notice(id=notice)

    first, second = receiver.deliveries
    assert first.body == second.body
    [receipt] = json.loads(first.body)
    assert receipt.pop("send_time") <= receipt.pop("report_time")
    assert receipt == {
        "phone_number": PHONE,
        "success": True,
        "err_code": "DELIVERED",
        "err_msg": "用户接收成功",
        "sms_size": "1",
        "biz_id": biz_id,
        "out_id": "7",
    }


def test_a_receipt_of_failure(control, aliyun, receiver):
    receiver.answers, receiver.text = [200], b'{"code":0}'
    aliyun.send(PHONE)
    message = control.last_sms(PHONE)["id"]
    control.sms_report(message, receiver.url, success=False, err_code="MOBILE_NOT_ON_SERVICE")

    [receipt] = json.loads(receiver.wait(1)[0].body)
    assert (receipt["success"], receipt["err_code"]) == (False, "MOBILE_NOT_ON_SERVICE")


def test_a_receipt_of_the_other_provider(control, tencent, receiver):
    receiver.answers, receiver.text = [200], b'{"result": 0, "errmsg": "OK"}'
    serial = tencent.status(f"+86{PHONE}")["SerialNo"]
    notice = control.sms_report(control.last_sms(PHONE)["id"], receiver.url, success=False)
    control.wait_notice(id=notice)

    [receipt] = json.loads(receiver.wait(1)[0].body)
    assert (receipt["sid"], receipt["mobile"], receipt["nationcode"]) == (serial, PHONE, "86")
    assert (receipt["report_status"], receipt["errmsg"]) == ("FAIL", "UNDELIV")


def test_a_receipt_for_no_message(control):
    with pytest.raises(SandboxRefusedError) as refused:
        control.sms_report("sms-77", "http://127.0.0.1:9/")
    assert refused.value.status == 404
