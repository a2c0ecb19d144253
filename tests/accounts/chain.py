"""Rows of the operation log, and the ways around the application to change them."""

import json

from django.db import connection

from accounts.models import AuditSeal, OperationLog

LOG, SEALS = OperationLog._meta.db_table, AuditSeal._meta.db_table


def write(n=1, **fields):
    wanted = {
        "admin_name": "鲍勃", "module": "accounts", "operation": "user:disable", "target_id": "7",
        "target_type": "user", "request_method": "POST", "request_url": "/api/v1/user/7/disable",
        "request_params": {"reason": "骚扰", "n": [1, None, True]}, "ip_address": "10.0.0.1",
        "user_agent": "Firefox", "status": "success", "execution_time": 12, "request_id": "r-1",
        "changes": [{"object": "accounts.user#7", "fields": {"status": ["active", "disabled"]}}],
    } | fields  # fmt: skip
    return [OperationLog.objects.create(**wanted) for _ in range(n)]


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else None


def raw(table, key, pk) -> dict:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE {key} = %s", [pk])
        names = [column[0] for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


def put(table, row):
    values = [json.dumps(v) if isinstance(v, dict | list) else v for v in row.values()]
    marks = ", ".join(["%s"] * len(values))
    sql(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *values)


def rewrite(table, key, pk, **changes):
    """Change a row behind the application's back, and behind that of the triggers."""
    row = raw(table, key, pk)
    sql(f"DELETE FROM {table} WHERE {key} = %s", pk)
    put(table, row | changes)


def seqs() -> list[int]:
    return list(AuditSeal.objects.values_list("seq", flat=True))
