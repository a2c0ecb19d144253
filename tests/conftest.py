"""Fixtures every test may use; one line each where possible."""

import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import Agreement
from config import memo
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.counseling import SlotFactory
from tests.helpers import Api
from tests.migrated import keep_copy, start_from_copy
from tests.seeds import use_seeds
from tests.stores import use_bucket, use_folder


def pytest_collection_modifyitems(items):
    """Races need a server: on SQLite they are skipped, and say so.

    Tests that really commit empty the database afterwards, down to what migrations seeded
    (templates, agreements, roles, menus): serialized_rollback keeps Django from adding to that.

    Journeys wait for whole stacks, so they come first: at the end the other cores would be idle.
    """
    items.sort(key=lambda item: "journey" not in item.keywords)
    for item in items:
        marker = item.get_closest_marker("django_db")
        if (marker and marker.kwargs.get("transaction")) or "transactional_db" in item.fixturenames:
            wishes = (marker.kwargs if marker else {}) | {"serialized_rollback": True}
            item.add_marker(pytest.mark.django_db(**wishes | {"transaction": True}), append=False)
    if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        skip = pytest.mark.skip(reason="races need MariaDB or PostgreSQL: make races")
        for item in items:
            if "races" in item.keywords:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings):
    start_from_copy()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        keep_copy()
        use_seeds()


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """Each test starts without what the process remembered of the last one's database."""
    from tests.helpers import forget_everything

    forget_everything()
    yield
    forget_everything()


@pytest.fixture(autouse=True)
def _the_same_times_in_every_test():
    SlotFactory.reset_sequence(0)


@pytest.fixture(autouse=True)
def _a_login_is_confirmed(monkeypatch):
    """force_login() stands for the form, where the password was given a moment ago."""
    from tests.helpers import confirm

    force_login = Client.force_login

    def log_in(self, user, backend=None):
        force_login(self, user, backend)
        confirm(self, user)

    monkeypatch.setattr(Client, "force_login", log_in)


@pytest.fixture
def still(monkeypatch):
    """What processes keep for a second stays until it is forgotten, however slow the machine is."""
    moment = time.monotonic()
    monkeypatch.setattr(memo, "time", SimpleNamespace(monotonic=lambda: moment))


@pytest.fixture
def django_assert_num_queries(still, django_assert_num_queries):
    return django_assert_num_queries


@pytest.fixture
def django_assert_max_num_queries(still, django_assert_max_num_queries):
    return django_assert_max_num_queries


@pytest.fixture
def user(db):
    return UserFactory()


@pytest.fixture
def api(user):
    """A client logged in as `user`."""
    return Api(user)


@pytest.fixture
def anonymous(db):
    return Api()


@pytest.fixture
def vendor():
    return connection.vendor


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """The outside world on free ports, and settings that point at it."""
    from tests.sandbox.client import SandboxClient
    from tests.sandbox.server import Sandbox

    world = Sandbox(tmp_path_factory.mktemp("sandbox"), first_port=0)
    world.start()
    for name, value in world.env().items():
        setattr(settings, name, value)
    yield SandboxClient(settings.SANDBOX_CONTROL)
    world.stop()


@pytest.fixture
def staff(db):
    """staff("finance") makes a person with that role."""
    return StaffFactory


@pytest.fixture
def office(staff):
    """office("finance") is a browser in which somebody with that role, its .user, is logged in."""

    def enter(role, **fields):
        browser = Client()
        browser.user = staff(role, **fields)
        browser.force_login(browser.user)
        return browser

    return enter


@pytest.fixture(params=["local", "s3"])
def store(request, settings, tmp_path):
    """Files in a folder, then in the bucket of the outside world; a function that lists them."""
    if request.param == "local":
        yield use_folder(settings, tmp_path)
        return
    sandbox = request.getfixturevalue("sandbox")
    if not getattr(settings, "S3_BUCKET", ""):
        pytest.skip("this sandbox has no store")
    use_bucket(settings, tmp_path)
    sandbox.delete_objects("")
    yield lambda: sorted(stored["key"] for stored in sandbox.objects())
    sandbox.delete_objects("")


@pytest.fixture
def local(settings, tmp_path):
    return use_folder(settings, tmp_path)


@pytest.fixture
def old_terms(db):
    """The agreements have been in force since long before any day a test travels to."""
    Agreement.objects.update(published_at=datetime(2026, 1, 1, tzinfo=UTC))
