import pytest

from config.db import LockingQuerySet
from config.prepared import forget_compiled
from tests.races.figures import FULL, reached


@pytest.fixture
def no_locks(monkeypatch):
    """For negative controls: nobody waits for a row.  SQL that was compiled with a lock is
    compiled anew, and so it is afterwards."""
    monkeypatch.setattr(LockingQuerySet, "locked", lambda rows: rows.order_by("pk"))
    forget_compiled()
    yield
    forget_compiled()


def pytest_terminal_summary(terminalreporter):
    if not reached:
        return
    terminalreporter.section(f"figures, {'full size' if FULL else 'a tenth of full size'}")
    for invariant, text in sorted(reached):
        terminalreporter.write_line(f"{invariant:5} {text}")
