"""One sandbox for all tests here; every test starts in an empty world."""

from itertools import count
from pathlib import Path

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType

from tests.sandbox.client import SandboxClient
from tests.sandbox.server import Sandbox

from .helpers import Merchant, Receiver, Wx
from .s3_signer import Store
from .sms_signers import Aliyun, Tencent

_numbers = count(1)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def env(sandbox):
    return sandbox.env()


@pytest.fixture(scope="session")
def control_client(sandbox):
    with SandboxClient(sandbox.control_url) as client:
        yield client


@pytest.fixture
def control(control_client):
    control_client.reset()
    return control_client


@pytest.fixture
def alice(control):
    return control.persona(id="alice", nickname="Alice")


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def wx(env):
    return Wx(env)


@pytest.fixture(scope="session")
def merchant(env):
    return Merchant(env)


@pytest.fixture(scope="session")
def aliyun(env):
    return Aliyun(env)


@pytest.fixture(scope="session")
def tencent(env):
    return Tencent(env)


@pytest.fixture(scope="session")
def store(env):
    return Store(env)


@pytest.fixture(scope="session")
def sdk(env):
    """The real SDK in public-key mode, pointed at the sandbox."""
    client = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=env["WXPAY_MCHID"],
        private_key=Path(env["WXPAY_PRIVATE_KEY_FILE"]).read_text(),
        cert_serial_no=env["WXPAY_CERT_SERIAL"],
        appid=env["WX_APPID"],
        apiv3_key=env["WXPAY_APIV3_KEY"],
        public_key=Path(env["WXPAY_PUBLIC_KEY_FILE"]).read_text(),
        public_key_id=env["WXPAY_PUBLIC_KEY_ID"],
        timeout=(3, 10),
    )
    client._core._gate_way = env["WXPAY_BASE"]
    return client


@pytest.fixture
def new_number():
    """Order and refund numbers that no other test uses."""
    return lambda: f"T{next(_numbers):015d}"


@pytest.fixture
def paid(control, merchant, alice, receiver, new_number):
    """Makes a paid trade of the given total and answers its number."""

    def make(total: int = 100, notify: str = "hold") -> str:
        number = new_number()
        amount = {"total": total, "currency": "CNY"}
        answer = merchant.prepay(alice["openid"], number, receiver.url, amount=amount)
        control.request_payment(merchant.client_params(answer.json()["prepay_id"]), notify=notify)
        return number

    return make
