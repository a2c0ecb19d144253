"""What migrations seeded, put back right after a test that really commits.

Django empties every table, and reads the seeds from JSON before the next such test: on PostgreSQL
a second and a half for each, and tests of the other kind must not come in between.  Here only
tables that hold something are emptied, and the rows are kept and inserted in bulk.
"""

from django.apps import apps
from django.db import connection, transaction


class Seeds:
    """The rows of a database that has just been migrated, by model."""

    def __init__(self):
        models = apps.get_models(include_auto_created=True)
        tables = set(connection.introspection.table_names())
        kept = ((model, list(model._base_manager.all())) for model in models if _own(model, tables))
        self._rows = {model: rows for model, rows in kept if rows}

    def put_back(self) -> None:
        """Fill a database that was emptied."""
        with transaction.atomic(), connection.constraint_checks_disabled():
            for model, rows in self._rows.items():
                model._base_manager.bulk_create(rows)


def _own(model, tables: set[str]) -> bool:
    return model._meta.managed and not model._meta.proxy and model._meta.db_table in tables


def delete_rows(style, tables, *, reset_sequences=False, allow_cascade=False) -> list[str]:
    """PostgreSQL's sql_flush(): TRUNCATE makes files anew, for each table and its indexes."""
    with connection.cursor() as cursor:
        found = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in tables
        )
        cursor.execute(found)
        filled = [row[0] for row in cursor.fetchall()]
    # Triggers, those of foreign keys too, would each look at every row.
    role = "SET session_replication_role = "
    deletes = [f'DELETE FROM "{table}"' for table in filled]
    return [f"{role}replica", *deletes, f"{role}DEFAULT"]


def use_seeds() -> None:
    """Call it once, on a database that has just been migrated."""
    seeds, flush = Seeds(), connection.ops.execute_sql_flush

    def flush_and_put_back(statements: list[str]) -> None:
        flush(statements)
        seeds.put_back()

    connection.ops.execute_sql_flush = flush_and_put_back
    connection.creation.deserialize_db_from_string = lambda data: None
    if connection.vendor == "postgresql":
        connection.ops.sql_flush = delete_rows
