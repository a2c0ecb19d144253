"""The command line, restarts, and sandboxes side by side."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.sandbox.client import SandboxClient
from tests.sandbox.server import Sandbox

from .helpers import Merchant, Wx

ROOT = Path(__file__).resolve().parents[3]
NAMES = """WX_API_BASE WX_APPID WX_APPSECRET WX_PUSH_TOKEN WX_PUSH_AES_KEY WXPAY_BASE WXPAY_MCHID
WXPAY_PRIVATE_KEY_FILE ALIPAY_GATEWAY ALIPAY_APPID ALIPAY_SELLER_ID ALIPAY_PRIVATE_KEY_FILE
ALIPAY_PUBLIC_KEY_FILE WXPAY_CERT_SERIAL WXPAY_APIV3_KEY WXPAY_PUBLIC_KEY_FILE
WXPAY_PUBLIC_KEY_ID SMS_ALIYUN_ENDPOINT SMS_ALIYUN_KEY_ID SMS_ALIYUN_KEY_SECRET
SMS_TENCENT_ENDPOINT SMS_TENCENT_SECRET_ID SMS_TENCENT_SECRET_KEY SMS_TENCENT_APPID
SMS_SIGN_NAME S3_ENDPOINT S3_BUCKET S3_KEY_ID S3_SECRET CDN_BASE CDN_KEY SANDBOX_CONTROL
UNIONPAY_BASE UNIONPAY_FILE_BASE UNIONPAY_MERID UNIONPAY_SIGN_PFX_FILE UNIONPAY_SIGN_PFX_PASSWORD
UNIONPAY_ROOT_CERT_FILE UNIONPAY_MIDDLE_CERT_FILE"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tests.sandbox", *arguments]


def parse(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def free_port(tmp_path) -> int:
    with Sandbox(tmp_path / "probe") as probe:
        return probe.first_port


@pytest.fixture
def served(tmp_path):
    """A process, started and announced; killed if the test leaves it running."""
    port, data = free_port(tmp_path), tmp_path / "data"
    options = ("serve", "--first-port", str(port), "--data", str(data))
    process = subprocess.Popen(command(*options), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    process.announced = process.stdout.readline()
    yield process, port, data
    process.kill()
    process.wait()
    process.stdout.close()


def test_serve_announces_itself_after_writing_the_environment(served):
    process, port, data = served
    env = parse((data / "env").read_text())

    assert process.announced.startswith(f"sandbox: http://127.0.0.1:{port} ")
    assert sorted(env) == sorted(NAMES.split())
    assert env["SANDBOX_CONTROL"] == f"http://127.0.0.1:{port}"
    assert env["WX_API_BASE"] == f"http://127.0.0.1:{port + 1}"
    assert env["WXPAY_BASE"] == f"http://127.0.0.1:{port + 2}"
    assert env["ALIPAY_GATEWAY"] == f"http://127.0.0.1:{port + 3}/gateway.do"
    assert env["UNIONPAY_BASE"] == f"http://127.0.0.1:{port + 4}"
    for name in ("SMS_ALIYUN_ENDPOINT", "SMS_TENCENT_ENDPOINT"):
        assert env[name] == f"http://127.0.0.1:{port + 5}"
    for name in ("S3_ENDPOINT", "CDN_BASE"):
        assert env[name] == f"http://127.0.0.1:{port + 6}"
    for name in ("WXPAY_PRIVATE_KEY_FILE", "WXPAY_PUBLIC_KEY_FILE", "ALIPAY_PRIVATE_KEY_FILE"):
        assert Path(env[name]).is_absolute()
        assert os.stat(env[name]).st_mode & 0o777 == 0o600
    with SandboxClient(env["SANDBOX_CONTROL"]) as client:
        assert client.health()["status"] == "ok"


def test_env_prints_what_serve_writes(served):
    _, port, data = served
    options = ("env", "--first-port", str(port), "--data", str(data))
    printed = subprocess.run(
        command(*options), cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert printed.stdout == (data / "env").read_text()


def test_taken_port_is_one_line_and_exit_code_2(served, tmp_path):
    _, port, _ = served
    options = ("serve", "--first-port", str(port), "--data", str(tmp_path / "other"))
    second = subprocess.run(
        command(*options), cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert second.returncode == 2
    assert second.stderr == f"sandbox: cannot listen on 127.0.0.1:{port}: Address already in use\n"
    assert second.stdout == ""
    assert not (tmp_path / "other" / "env").exists()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it_quickly_and_cleanly(served, signal_number):
    process, port, data = served
    with SandboxClient(f"http://127.0.0.1:{port}") as client:
        client.persona(id="alice")
    began = time.monotonic()
    process.send_signal(signal_number)

    assert process.wait(5) == 0
    assert time.monotonic() - began < 2
    assert '"alice"' in (data / "state.json").read_text()


def test_state_survives_a_restart(tmp_path, receiver):
    receiver.answers = [500]
    with Sandbox(tmp_path) as sandbox, SandboxClient(sandbox.control_url) as client:
        env, port = sandbox.env(), sandbox.first_port
        alice = client.persona(id="alice", phone="13800138000")
        client.subscribe("alice", "T1")
        code = client.login_code("alice")
        token = Wx(env).stable_token()["access_token"]
        merchant = Merchant(env)
        merchant.prepay(alice["openid"], "T000001", receiver.url)
        client.pay("T000001")
        receiver.wait(1)
        client.wait_notice(out_trade_no="T000001", state="pending")
        client.refund_settings(seconds=None)
        body = {
            "out_trade_no": "T000001",
            "out_refund_no": "R1",
            "amount": {"refund": 100, "total": 100, "currency": "CNY"},
        }
        merchant.call("POST", "/v3/refund/domestic/refunds", body)
        client.clock(advance=5)
        book = client.book()

    with (
        Sandbox(tmp_path, first_port=port) as sandbox,
        SandboxClient(sandbox.control_url) as client,
    ):
        assert sandbox.env() == env
        assert client.personas() == [alice]
        assert client.book() == book
        assert client.clock()["offset_seconds"] == pytest.approx(5, abs=0.5)
        wx = Wx(env)
        assert wx.login(code)["openid"] == alice["openid"]
        assert wx.stable_token()["access_token"] == token
        assert client.subscribe("alice", "T1")["remaining"] == 2
        assert client.trade("T000001")["trade_state"] == "REFUND"
        client.settle_refund("R1", "SUCCESS")
        client.clock(advance=15)
        entry = client.wait_notice(out_trade_no="T000001")
        assert [attempt["status"] for attempt in entry["attempts"]] == [500, 204]
        transaction_id = client.trade("T000001")["transaction_id"]
        target = f"/v3/pay/transactions/id/{transaction_id}?mchid={env['WXPAY_MCHID']}"
        assert Merchant(env).call("GET", target).json()["out_trade_no"] == "T000001"


def test_the_same_object_can_be_started_again(tmp_path, receiver):
    sandbox = Sandbox(tmp_path)
    for number in ("T000001", "T000002"):
        with sandbox, SandboxClient(sandbox.control_url) as client:
            alice = client.persona(id="alice")
            Merchant(sandbox.env()).prepay(alice["openid"], number, receiver.url)
            client.pay(number)
            client.wait_notice(out_trade_no=number)

    assert len(receiver.deliveries) == 2


def test_stopping_closes_open_connections(tmp_path):
    with Sandbox(tmp_path) as sandbox:
        wx = Wx(sandbox.env())
        assert wx.plain_token()["expires_in"] == 7200
    # The kept-alive connection is dead, and so is the port.
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            wx.plain_token()


def test_an_unreadable_snapshot_starts_empty(tmp_path, capsys):
    (tmp_path / "state.json").write_text("{broken")
    with Sandbox(tmp_path) as sandbox, SandboxClient(sandbox.control_url) as client:
        assert client.personas() == []
    assert "not readable" in capsys.readouterr().err


def test_a_change_reaches_the_disk_while_running(tmp_path):
    with Sandbox(tmp_path) as sandbox, SandboxClient(sandbox.control_url) as client:
        client.persona(id="somebody-saved")
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if "somebody-saved" in _text(tmp_path / "state.json"):
                return
            time.sleep(0.02)
    pytest.fail("no snapshot within five seconds")


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_environment_is_unknown_before_the_ports_are(tmp_path):
    with pytest.raises(RuntimeError, match="ports"):
        Sandbox(tmp_path).env()


def test_nothing_of_django_is_imported():
    code = "import sys, tests.sandbox.server, tests.sandbox.client; print('django' in sys.modules)"
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout == "False\n"
