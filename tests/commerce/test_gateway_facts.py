"""Reading what providers say, and what a page nobody opened means."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine

from commerce.errors import NoticeRefused
from commerce.gateways.base import GatewayUnknown
from commerce.gateways.facts import group, must_be_about, not_ours, read_form, text
from commerce.gateways.page import post_form, unseen

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(("value", "read"), [
    ("a", "a"), ("长" * 64, "长" * 64), ("x" * 65, ""), (None, ""), (7, ""), (["a"], ""), ({}, ""),
])  # fmt: skip
def test_a_fact_is_a_short_text_or_nothing(value, read):
    assert text({"name": value}, "name") == read


@pytest.mark.parametrize("value", [None, "a", 7, ["a"]])
def test_a_group_is_an_object_or_empty(value):
    assert group({"amount": value}, "amount") == group({}, "amount") == {}


def test_what_is_not_ours_is_named_in_order():
    assert not_ours({"app": False, "seller": True, "currency": False}) == ("app", "currency")


@pytest.mark.parametrize("answer", [{}, {"number": "PAY2"}, {"number": None}, {"other": "PAY1"}])
def test_an_answer_about_another_number_is_none(answer):
    with pytest.raises(GatewayUnknown, match="another number"):
        must_be_about(answer, number="PAY1")
    must_be_about({"number": "PAY1", "more": 1}, number="PAY1")


def test_a_notice_is_a_form():
    assert read_form(b"a=1&b=&c=%E4%BD%A0") == {"a": "1", "b": "", "c": "你"}


@pytest.mark.parametrize("body", [b"{}", b"a", b"a=1&b", b"a=\xff\xfe&b="])
def test_what_is_no_form_is_forged(body):
    with pytest.raises(NoticeRefused) as error:
        read_form(body)
    assert (error.value.kind, error.value.reason) == ("forged", "form")


@pytest.mark.parametrize(("seconds", "prepay_id", "state"), [
    (0, "handed out", "unpaid"), (59, "handed out", "unpaid"), (60, "handed out", "absent"),
    (-600, "", "absent"),
])  # fmt: skip
def test_an_unopened_page_can_be_paid_until_a_minute_after_it_ran_out(seconds, prepay_id, state):
    payment = SimpleNamespace(number="PAY1", expires_at=NOW, prepay_id=prepay_id)
    with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
        assert (unseen(payment).number, unseen(payment).state) == ("PAY1", state)


def test_nobody_there_is_unknown():
    with pytest.raises(GatewayUnknown, match="ConnectError"):
        post_form("http://127.0.0.1:1/gateway.do", "a=1")
