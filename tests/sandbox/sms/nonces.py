"""Nonces already used, for as long as a repeated request would still be in time."""

from dataclasses import dataclass


@dataclass
class Nonce:
    wall: float


class Nonces:
    def __init__(self, world, life: float):
        self._store, self._life = world.store, life
        self._rows = world.store.table("sms.nonces", Nonce)

    def is_new(self, nonce: str, wall: float) -> bool:
        """Note a nonce; whether nobody has used it lately."""
        with self._store.change():
            # Noted in order of time, so the old ones stand in front.
            for old in list(self._rows):
                if wall - self._rows[old].wall <= self._life:
                    break
                del self._rows[old]
            if nonce in self._rows:
                return False
            self._rows[nonce] = Nonce(wall)
            return True
