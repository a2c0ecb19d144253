"""Telling a story from the command line: on a stack of its own, or through a running one."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.journeys.client import NotAsPromised
from tests.journeys.stack import Stack, StackUnfit, running_stack


def tell(*stories: Callable[[Stack], None]) -> int:
    """The exit code: 0, or 1 at the first step that is not as promised.

    With BASE_URL, and MANIFEST (the file `manage.py demo --manifest` wrote), through a running
    stack; otherwise through one that is started for it, on DATABASE_URL and REDIS_URL when given.
    """
    base_url = os.environ.get("BASE_URL", "").rstrip("/")
    try:
        if base_url:
            manifest = Path(os.environ.get("MANIFEST", "var/demo.json"))
            return _each(stories, Stack(base_url, json.loads(manifest.read_text())))
        with running_stack() as stack:
            return _each(stories, stack)
    except StackUnfit as why:
        sys.stderr.write(f"{why}\n")
    except NotAsPromised as failure:
        sys.stderr.write(f"NOT AS PROMISED: {failure}\n")
    return 1


def _each(stories: tuple[Callable[[Stack], None], ...], stack: Stack) -> int:
    for story in stories:
        story(stack)
    return 0
