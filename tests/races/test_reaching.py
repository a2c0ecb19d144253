"""Counts of accepted messages and preferences under parallel requests."""

import pytest

from accounts.models import NotificationPreference, SubscribeQuota
from accounts.services.preferences import change_preferences
from accounts.services.subscriptions import message_sent, take_answers
from tests.factories.accounts import UserFactory
from tests.helpers import together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
TEMPLATE = "appointment_confirmed"


def test_every_accept_counts_once_from_the_first_on():
    user = UserFactory()

    results = together(20, lambda i: take_answers(user, results={TEMPLATE: "accept"}))

    assert [r for r in results if isinstance(r, Exception)] == []
    assert SubscribeQuota.objects.get(user=user).remaining == 20


def test_accepts_and_sendings_lose_nothing():
    user = UserFactory()
    for _ in range(10):
        take_answers(user, results={TEMPLATE: "accept"})

    def job(i):
        if i % 2:
            message_sent(user, TEMPLATE)
        else:
            take_answers(user, results={TEMPLATE: "accept"})

    assert [r for r in together(20, job) if isinstance(r, Exception)] == []
    assert SubscribeQuota.objects.get(user=user).remaining == 10


def test_one_preference_is_one_row():
    user = UserFactory()

    def job(i):
        wanted = [(TEMPLATE, "subscribe", bool(i % 2)), ("appointment_new", "subscribe", False)]
        change_preferences(user, wanted=wanted if i % 3 else wanted[::-1])

    assert [r for r in together(12, job) if isinstance(r, Exception)] == []
    assert NotificationPreference.objects.filter(user=user).count() == 2
