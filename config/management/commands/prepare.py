"""Make the database ready: create it on a server, migrate, load demo data once."""

from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.utils import OperationalError


class Command(BaseCommand):
    help = "Create the database where a server lacks it, migrate, load demo data when empty."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--demo", type=Path, help="load demo data; its manifest goes there")

    def handle(self, *, demo, **options):
        create_database()
        call_command("migrate", interactive=False, verbosity=1)
        if demo:
            call_command("demo", if_empty=True, manifest=demo)


def create_database() -> None:
    """On a server, an empty database in UTF-8; one that has tables is left as it is."""
    if connection.vendor == "sqlite":
        return
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    charset = "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
    utf8 = charset if connection.vendor == "mysql" else ""
    try:
        connection.ensure_connection()
    except OperationalError:
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} {utf8}")
        return
    if connection.vendor == "mysql" and not connection.introspection.table_names():
        # Many servers create databases in latin1, which has no Chinese.
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} {charset}")
