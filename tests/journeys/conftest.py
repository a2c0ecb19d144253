import pytest

from tests.journeys.browser import Chromium, Office


@pytest.fixture(scope="session", autouse=True)
def _a_copy_to_begin_with(django_db_setup):
    """The stacks of this folder begin with what this worker has migrated."""


@pytest.fixture(scope="module")
def chromium():
    browser = Chromium()
    yield browser
    browser.quit()


@pytest.fixture
def office(chromium, live_server):
    """A tab with nobody logged in; whatever went wrong on any of its pages fails the test."""
    tab = Office(chromium, live_server.url)
    yield tab
    tab.close()
    assert tab.problems == []
