"""What MariaDB hears of a transaction and of a connection's health (config.mysql)."""

import pytest
from django.db import OperationalError, close_old_connections, connection, transaction

from accounts.models import User
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _only_mariadb():
    if connection.vendor != "mysql":
        pytest.skip("MariaDB's backend")


def heard(*names: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS WHERE variable_name IN %s", [names])
        return {name: int(value) for name, value in cursor.fetchall()}


def lose_the_connection() -> None:
    """As a restarted server does: we learn of it by asking."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID()")
        (ours,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute(f"KILL {ours}")
    other.close()


def test_a_transaction_is_begin_and_commit_and_nothing_is_switched():
    names = ("Com_begin", "Com_commit", "Com_set_option", "Com_update")
    user, before = UserFactory(), heard(*names)

    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(nickname="小满")

    after = heard(*names)
    assert [after[name] - before[name] for name in names] == [1, 1, 0, 1]


def test_what_was_begun_and_failed_is_undone():
    user = UserFactory(nickname="小满")

    def fail():
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(nickname="立秋")
            with transaction.atomic():
                User.objects.filter(pk=user.pk).update(nickname="白露")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert User.objects.get(pk=user.pk).nickname == "小满"
    assert connection.get_autocommit()


def test_outside_a_transaction_each_statement_stands():
    user = UserFactory(nickname="小满")

    User.objects.filter(pk=user.pk).update(nickname="立秋")
    connection.close()

    assert User.objects.get(pk=user.pk).nickname == "立秋"


def ask() -> int:
    """As a request does: the connection is looked at when one begins."""
    close_old_connections()
    try:
        return User.objects.count()
    finally:
        close_old_connections()


def test_a_lost_connection_that_is_no_longer_trusted_fails_nobody(monkeypatch):
    ask()
    lose_the_connection()
    monkeypatch.setattr(connection, "_well_until", 0.0)

    assert ask() == 0


def test_a_lost_connection_that_is_trusted_fails_one_request_and_no_more(monkeypatch):
    ask()
    lose_the_connection()
    monkeypatch.setattr(connection, "_well_until", float("inf"))

    with pytest.raises(OperationalError):
        ask()

    assert [ask(), ask()] == [0, 0]


def test_a_connection_is_asked_how_it_is_once_a_second(monkeypatch):
    ask()
    asked, honest = [], connection.is_usable
    monkeypatch.setattr(connection, "is_usable", lambda: asked.append(1) or honest())
    monkeypatch.setattr(connection, "_well_until", 0.0)
    monkeypatch.setattr("config.mysql.base.TRUSTED_SECONDS", 60)

    ask()
    ask()

    assert len(asked) == 1
