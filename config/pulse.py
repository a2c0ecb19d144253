"""What every process does beside its work, twice a second: it looks whether anybody changed what
it keeps (settings.PULSE names the functions).

A thread with a connection of its own, so that no request waits for it: not on a hot path, and not
when the database hangs.
"""

import logging
import os
import threading
from functools import cache

from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)

_started_in = 0  # the process: a thread does not survive a fork
_lock = threading.Lock()
_failing: set[str] = set()  # said once, not twice a second


def start(**kwargs) -> None:
    """Have this process beat from now on; costs nothing when it does.  Also a signal receiver."""
    global _started_in
    if _started_in == os.getpid():
        return
    with _lock:
        if _started_in != os.getpid():
            _started_in = os.getpid()
            if settings.PULSE_SECONDS:
                threading.Thread(target=_run, name="pulse", daemon=True).start()


def beat() -> None:
    """Once: each function; what fails is tried again next time."""
    for path in settings.PULSE:
        try:
            _function(path)()
        except Exception:  # the database is away, most likely: what is known stays
            if path not in _failing:
                logger.warning("pulse: %s failed", path, exc_info=True)
            _failing.add(path)
        else:
            _failing.discard(path)


_function = cache(import_string)


def _run() -> None:
    rest = threading.Event()
    while not rest.wait(settings.PULSE_SECONDS):
        beat()
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()
