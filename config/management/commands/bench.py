"""Measure our endpoints against a bare floor; the work is in tests/benchmarks."""

import logging

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "CPU per request against a bare floor, and statements; --check fails on a missed goal."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true")
        parser.add_argument(
            "--contention", action="store_true", help="sixteen clients after the same slots instead"
        )
        parser.add_argument(
            "--sql", action="store_true", help="questions over a million rows instead"
        )
        parser.add_argument(
            "--forged", action="store_true", help="readers while forged notices come in instead"
        )
        parser.add_argument("--scale", choices=["small", "full"], help="small, but full with --sql")
        parser.add_argument("--only", nargs="*", help="names of endpoints, or of subjects of --sql")

    def handle(
        self, *args, check=False, contention=False, sql=False, forged=False, scale=None, only=None,
        **options,
    ):  # fmt: skip
        from tests.benchmarks import bench
        from tests.benchmarks import contention as fights
        from tests.benchmarks import forged as forgeries
        from tests.benchmarks.sql import frame

        logging.disable(logging.WARNING)
        if contention:
            missed = fights.run(self.stdout.write)
        elif sql:
            missed = frame.run(self.stdout.write, scale=scale or "full", only=only)
        elif forged:
            missed = forgeries.run(self.stdout.write, scale=scale or "small")
        else:
            missed = bench.run(self.stdout.write, scale=scale or "small", only=only)
        for line in missed:
            self.stdout.write(f"missed: {line}")
        if check and missed:
            raise CommandError(f"{len(missed)} goals missed")
