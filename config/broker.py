"""The embedded broker: kombu's filesystem transport with messages that appear whole or not at all.

kombu 5 opens a message's file under its final name and fills it afterwards, and takes it through
the system's temporary folder: a worker that looks in between finds half a message and dies of it.
"""

import os
import time
import uuid
from pathlib import Path
from queue import Empty

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads

LEFTOVERS = ("*.part", "*.taken")


class Channel(filesystem.Channel):
    def _put(self, queue, payload, **kwargs):
        name = f"{time.time_ns():020}_{uuid.uuid4().hex}.{queue}.msg"
        folder = Path(self.data_folder_out)
        unfinished = folder / f"{name}.part"
        unfinished.write_text(dumps(payload), encoding="utf-8")
        unfinished.rename(folder / name)

    def _get(self, queue):
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] == f"{queue}.msg" and (text := _take(folder / name)):
                return loads(text)
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel


def _take(message: Path) -> str:
    """The message's text, out of the queue; "" when another worker was faster."""
    taken = message.with_name(f"{message.name}.taken")
    try:
        message.rename(taken)
    except FileNotFoundError:
        return ""
    text = taken.read_text(encoding="utf-8")
    taken.unlink()
    return text


def tidy(folder: Path, *, older_than: float) -> int:
    """Delete what nobody will take any more; how many files that were.

    Messages are hints to look at rows that beat's sweeps look at anyway.
    """
    limit = time.time() - older_than
    files = [file for pattern in ("*.msg", *LEFTOVERS) for file in folder.glob(pattern)]
    old = [file for file in files if file.stat().st_mtime < limit]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
