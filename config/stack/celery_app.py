"""config.celery's app, as the runner starts it: it makes $STACK_READY_FILE when it is up."""

import os
from pathlib import Path

from celery.signals import beat_init, worker_ready

from config.celery import app

__all__ = ["app"]


@worker_ready.connect
@beat_init.connect
def _say_so(**kwargs):
    Path(os.environ["STACK_READY_FILE"]).touch()
