import pytest


@pytest.fixture
def anchor(db, settings, tmp_path):
    """Where the head is anchored."""
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "audit" / "anchor.log")
    return tmp_path / "audit" / "anchor.log"
