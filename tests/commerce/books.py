"""Everything commerce keeps, to say that nothing changed."""

from contextlib import contextmanager

from accounts.models import Notification, StatusChange
from commerce.models import OfflineRecord, Order, OrderItem, Payment, Refund
from content.models import DiseaseTag

_MODELS = (
    Order, OrderItem, Payment, Refund, OfflineRecord, StatusChange, Notification, DiseaseTag,
)  # fmt: skip


def books() -> dict[str, list]:
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in _MODELS}


@contextmanager
def nothing_changes():
    before = books()
    yield
    assert books() == before
