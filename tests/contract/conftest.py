"""The matrix's world, made once for a module; each test undoes what it did to it."""

from copy import copy

import pytest
from django.db import transaction

from tests.contract.matrix.world import World
from tests.helpers import forget_everything
from tests.journeys.office_world import fill


@pytest.fixture(scope="module")
def _world(django_db_setup, django_db_blocker, sandbox):
    with django_db_blocker.unblock(), undone():
        yield World()


@pytest.fixture(scope="module")
def _full_world(django_db_setup, django_db_blocker, sandbox):
    with django_db_blocker.unblock(), undone():
        made = World()
        fill()
        yield made


@pytest.fixture
def world(_world, db, sandbox):
    return seen_anew(_world)


@pytest.fixture
def full_world(_full_world, db, sandbox):
    """With a row on every page of the back office."""
    return seen_anew(_full_world)


class undone(transaction.Atomic):
    """Like the transaction that a test runs in, around the tests of a module."""

    def __init__(self):
        super().__init__(using=None, savepoint=True, durable=False)
        self._from_testcase = True

    def __exit__(self, *raised):
        forget_everything()
        transaction.set_rollback(True)
        super().__exit__(*raised)


def seen_anew(world: World) -> World:
    """The same rows behind people who remember nothing of what they were allowed a test ago."""
    again = copy(world)
    again.users = {name: copy(user) for name, user in world.users.items()}
    return again
