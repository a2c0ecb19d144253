import json

import pytest
from django.test import Client

from commerce.models import Fulfilment
from commerce.payables import _payable
from commerce.services.starting import start_payment
from tests.commerce.payable import KIND, PATH, TagPayable
from tests.factories.commerce import payer, place


@pytest.fixture(autouse=True)
def _something_to_sell(settings, monkeypatch):
    settings.PAYABLES = {**settings.PAYABLES, KIND: PATH}
    monkeypatch.setattr(TagPayable, "refuse", set())
    monkeypatch.setattr(TagPayable, "crash", set())
    monkeypatch.setattr(TagPayable, "hold_seconds", None)
    monkeypatch.setattr(TagPayable, "fulfilment", Fulfilment.NONE)
    monkeypatch.setattr(TagPayable, "merchants", {})
    _payable.cache_clear()


@pytest.fixture
def world(sandbox):
    """The sandbox without the faults and settings of the last test."""
    sandbox.reset()
    return sandbox


@pytest.fixture
def order(user, world):
    """A pending order of somebody who has WeChat."""
    payer(world, user)
    return place(user)


@pytest.fixture
def attempt(order, user):
    """Its attempt, known to the provider and not paid."""
    return start_payment(order.pk, user=user, method="wechat").payment


@pytest.fixture
def callback(db):
    """callback(notice, path) posts what SandboxClient.notice() built, as the provider would."""
    client = Client()

    def post(notice: dict, path: str = "/pay/callback/wechat"):
        return client.post(
            f"/api/v1{path}",
            notice["body"].encode(),
            content_type=notice["headers"].get("Content-Type", "application/json"),
            headers={k: v for k, v in notice["headers"].items() if k != "Content-Type"},
        )

    return post


def fail_message(response) -> str:
    body = json.loads(response.content)
    assert body["code"] == "FAIL"
    return body["message"]
