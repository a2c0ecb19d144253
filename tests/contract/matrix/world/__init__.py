"""One small world with everything in it, seen by everybody there is."""

from accounts.models import User
from tests.contract.matrix.world.farm import Farm
from tests.contract.matrix.world.people import ACTORS, SAME_PERSON, STAFF, People
from tests.contract.matrix.world.practice import Practice
from tests.contract.matrix.world.shop import Shop
from tests.helpers import Api

__all__ = ["ACTORS", "SAME_PERSON", "STAFF", "World"]


class World(People, Practice, Shop, Farm):
    """Rows of "owner", whose counselor is "counselor"; attributes end in _id for addresses.

    secrets: texts that nobody but those concerned may find in any answer.
    """

    def __init__(self):
        self.users: dict[str, User] = {}
        self.clients: dict[str, Api] = {"anonymous": Api()}
        self._people()
        self._content()
        self._files()
        self._practice()
        self._owners_things()
        self._owners_application()
        self._merchants()
        self._shop_orders()
        self._animals()
        self.secrets = {
            "the owner's phone": self.owner.phone,
            "the client's name": "林小满",
            "the order's number": self.order.number,
            "the appointment's number": self.appointment.number,
            "the refund's number": self.refund.number,
            "the claim's number": self.claim.number,
            "the file's name": "我的照片.jpg",
            "the note": "最近总是睡不着",
            "the reason of leave": "去医院复查",
            "the session's note": "她说起了童年",
        }

    def __getattr__(self, name):
        """world.owner is users["owner"], world.order_id is order.pk."""
        users = self.__dict__.get("users", {})
        if name in users:
            return users[name]
        if name.endswith("_id"):
            return getattr(self, name.removesuffix("_id")).pk
        raise AttributeError(name)
