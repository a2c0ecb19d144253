"""The address book with several phones at once: never more than it holds, one default."""

import pytest

from commerce.models import Address
from commerce.services import addresses
from commerce.services.addresses import add_address, change_address
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AddressFactory
from tests.helpers import meeting, together
from tests.races.commerce_tools import names

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

WORDS = {"receiver": "周小舟", "phone": "13733334444", "region": "杭州市", "detail": "文三路"}


def test_the_last_place_is_taken_once():
    user = UserFactory()
    AddressFactory.create_batch(addresses.MOST - 1, user=user)

    outcomes = together(8, lambda i: add_address(user=user, **WORDS))

    assert names(outcomes) == ["Address"] + ["TooManyAddresses"] * 7
    assert Address.objects.filter(user=user).count() == addresses.MOST


def test_there_is_one_default_whoever_says_so():
    user = UserFactory()
    book = AddressFactory.create_batch(4, user=user)

    outcomes = together(8, lambda i: change_address(book[i % 4].pk, user=user, is_default=True))

    assert names(outcomes) == ["Address"] * 8
    assert Address.objects.filter(user=user, is_default=True).count() == 1


def test_without_the_lock_the_last_place_is_taken_twice(monkeypatch):
    """The negative control."""
    user, meet = UserFactory(), meeting(2)
    AddressFactory.create_batch(addresses.MOST - 1, user=user)

    def unlocked(user):
        book = list(Address.objects.visible_to(user).order_by("pk"))
        meet()
        return book

    monkeypatch.setattr(addresses, "_locked_book", unlocked)
    outcomes = together(2, lambda i: add_address(user=user, **WORDS))

    assert names(outcomes) == ["Address", "Address"]
    assert Address.objects.filter(user=user).count() == addresses.MOST + 1
