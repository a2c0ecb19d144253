"""Pictures of receipts: stored before what they prove is recorded, gone when that is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from accounts.models import User
from media.models import File, Purpose
from media.services.files import discard
from media.services.uploads import store_upload


@dataclass(frozen=True)
class Proof:
    """A picture as somebody sends it; size: of its content."""

    content: BinaryIO
    size: int
    name: str


@contextmanager
def kept(proof: Proof | None, actor: User) -> Iterator[File | None]:
    """The picture as a file while it is recorded; taken away again when that raises.

    Outside every transaction: the storage is on the network.
    """
    if proof is None:
        yield None
        return
    file = store_upload(
        actor, purpose=Purpose.PROOF, content=proof.content, size=proof.size, name=proof.name
    )
    try:
        yield file
    except Exception:
        discard(file.pk, reason="登记未成功")
        raise
