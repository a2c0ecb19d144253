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
        parser.add_argument("--scale", choices=["small", "full"], default="small")
        parser.add_argument("--only", nargs="*", help="names of endpoints")

    def handle(self, *args, check=False, contention=False, scale="small", only=None, **options):
        from tests.benchmarks import bench
        from tests.benchmarks import contention as fights

        logging.disable(logging.WARNING)
        if contention:
            missed = fights.run(self.stdout.write)
        else:
            missed = bench.run(self.stdout.write, scale=scale, only=only)
        for line in missed:
            self.stdout.write(f"missed: {line}")
        if check and missed:
            raise CommandError(f"{len(missed)} goals missed")
