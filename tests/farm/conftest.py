from datetime import UTC, datetime

import pytest

from accounts.models import Agreement


@pytest.fixture
def old_terms(db):
    """The agreements have been in force since long before any day a test travels to."""
    Agreement.objects.update(published_at=datetime(2026, 1, 1, tzinfo=UTC))
