"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import Any


def wait_for(found: Callable[[], Any], timeout: float, what: str) -> Any:
    """Poll until `found` returns something true; TimeoutError names what did not come."""
    deadline = time.monotonic() + timeout
    while True:
        if result := found():
            return result
        if time.monotonic() >= deadline:
            raise TimeoutError(f"waited {timeout} s for {what}")
        time.sleep(0.01)
