from django.core.management.base import BaseCommand, CommandError

from accounts.services.field_keys import (
    KeyInUse,
    forget_key,
    rotate_column,
    sealed_columns,
    under_other_keys,
)
from config.sealing import writing_key


class Command(BaseCommand):
    help = (
        "Seal with the first of FIELD_KEYS what its other keys have sealed (docs/operations.md)."
        " Stop it and start it again whenever you like; the site goes on meanwhile."
    )

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--check", action="store_true", help="only count; exit code 1 if any")
        what.add_argument("--forget", metavar="KEY_ID", help="empty what a lost key has sealed")

    def handle(self, *args, check, forget, **options):
        if forget:
            return self._forget(forget)
        return self._check() if check else self._rotate()

    def _check(self):
        left = 0
        for model, field in sealed_columns():
            found = under_other_keys(model, field).count()
            self.stdout.write(f"{field.column_name}: {found} rows under other keys")
            left += found
        if left:
            raise CommandError(f"{left} rows are not under {writing_key()} yet: no key may go")
        self.stdout.write(f"all rows are under {writing_key()}")

    def _rotate(self):
        failed = []
        for model, field in sealed_columns():
            result = rotate_column(model, field, tell=self._progress(field.column_name))
            self.stdout.write(f"{result.column}: {result.done} rows sealed anew")
            if result.unreadable:
                failed.append(f"{result.column}: no key opens ids {result.unreadable[:20]}")
            if result.twice:
                failed.append(f"{result.column}: the same value twice, ids {result.twice[:20]}")
        if failed:
            raise CommandError("; ".join(failed))

    def _progress(self, column: str):
        return lambda done: self.stdout.write(f"  {column}: {done} …")

    def _forget(self, key_id: str):
        try:
            gone = forget_key(key_id)
        except KeyInUse:
            raise CommandError(f"{key_id} is in FIELD_KEYS: rotate instead") from None
        for column, rows in gone.items():
            self.stdout.write(f"{column}: {rows} rows emptied")
