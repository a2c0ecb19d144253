"""Everything on one machine, for development: `make run`."""

import contextlib
import os
import sys
import time
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.env import env_bool, env_port
from config.stack.banner import banner
from config.stack.plan import Plan
from config.stack.runner import Stack, StackError


class Command(BaseCommand):
    help = "Start web server, worker, beat and sandbox; stop them with Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--var", type=Path, help="folder for database, logs, keys (VAR_DIR)")
        parser.add_argument("--port", type=int, help="web server (PORT, 8000)")
        parser.add_argument(
            "--sandbox-port",
            type=int,
            help="first port of the sandbox (SANDBOX_PORT, 9900); 0: any",
        )
        parser.add_argument("--no-demo", action="store_true", help="no demo data")
        parser.add_argument("--quiet", action="store_true", help="say only what goes wrong")
        parser.add_argument(
            "--pids", type=Path, help="write {name: process id} there once everything is up"
        )

    def handle(self, *, var, port, sandbox_port, no_demo, quiet, pids, **options):
        if not settings.DEMO_ALLOWED:
            raise CommandError("the stack is for development; see deploy/ for production")
        started = time.monotonic()
        plan = Plan(
            root=settings.BASE_DIR,
            var=(var or settings.VAR_DIR).resolve(),
            port=port or env_port("PORT", 8000),
            sandbox_port=env_port("SANDBOX_PORT", 9900, at_least=0)
            if sandbox_port is None
            else sandbox_port,
            with_sandbox=env_bool("SANDBOX", True),
            with_demo=not no_demo,
        )
        os.chdir(plan.root)
        if not quiet:
            self._say(f"Starting Banxin in {plan.var} ...")

        def when_up():
            if not quiet:
                self._say(banner(plan, time.monotonic() - started))

        try:
            Stack(plan, self._complain if quiet else self._say, pids).run(when_up)
        except StackError as error:
            self._complain(str(error))
            sys.exit(1)

    def _say(self, text: str) -> None:
        _write(self.stdout, text)

    def _complain(self, text: str) -> None:
        _write(self.stderr, text)


def _write(stream, text: str) -> None:
    """A terminal that is gone must not keep the children from being stopped."""
    with contextlib.suppress(OSError):
        stream.write(text)
        stream.flush()
