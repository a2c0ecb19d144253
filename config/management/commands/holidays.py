"""Load calendars of holidays and make-up workdays; the rules are in counseling's services."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from config.errors import DomainError
from counseling.services.holidays import import_holidays, read_file, shipped_holidays


class Command(BaseCommand):
    help = "导入节假日与调休（JSON 或 CSV）；不给文件时导入随附的日历"

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="*", type=Path)

    def handle(self, *, files, **options):
        try:
            rows = [row for path in files for row in read_file(path)] or shipped_holidays()
        except DomainError as error:
            raise CommandError(f"{error}（第 {error.data['line']} 行）") from None
        except OSError as error:
            raise CommandError(str(error)) from None
        done = import_holidays(rows)
        self.stdout.write(f"新增 {done.added} 天，更改 {done.changed} 天，移除 {done.removed} 天")
