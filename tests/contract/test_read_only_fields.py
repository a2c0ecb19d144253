"""A field that a client may not set changes nothing, whatever the client sends in it."""

import pytest
from django.db import connection

from tests.contract.matrix.check import call, expected, rows
from tests.contract.matrix.table import TABLE
from tests.contract.test_authorization import ROUTES

# What an attacker tries on any body; {id} of somebody else where the field names a row.
PRIVILEGES = {
    "id": 999_999, "pk": 999_999, "user": 1, "user_id": 1, "owner": 1, "actor": 1, "admin": True,
    "status": "paid", "state": "succeeded", "is_staff": True, "is_superuser": True,
    "is_active": False, "groups": [1], "permissions": ["user:manage"], "user_permissions": [1],
    "token_version": 99, "permission_version": 99, "openid": "oAttacker", "unionid": "u",
    "price": 0.01, "amount": 0.01, "unit_price": 0.01, "total_amount": 0.01, "refunded_amount": 300,
    "paid_at": "2020-01-01T00:00:00Z", "paid_by": 1, "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z", "expires_at": "2099-01-01T00:00:00Z", "number": "ORDX",
    "order_number_": "x", "transaction_id": "T", "prepay_id": "p", "payer": "x", "counselor": 2,
    "counselor_id": 2, "cancel_fee_percent": 0, "free_cancel_until": "2099-01-01T00:00:00Z",
    "rating": 5, "rating_count": 999, "lowest_price": 0.01, "archived_at": "2020-01-01T00:00:00Z",
    "guardian_consented_at": "2020-01-01T00:00:00Z", "built_in": True, "completed_at": "2020-01-01",
    "approved_by": 1, "reviewed_by": 1, "closes_order": True, "live_slot": None,
    "data_scope": "all", "stepped_up_at": "2099-01-01T00:00:00Z", "login": 1,
}  # fmt: skip
# Fields that a route's own body does have, so that sending them is no attack; by route or by the
# first part of its path.
_GOODS = {"status", "price"}
_OFFER = {"price", "is_active"}
WRITABLE = {
    "merchants": {"price"},
    "POST /merchants/products": _GOODS,
    "PUT /merchants/products/<pk>": _GOODS,
    "PATCH /merchants/products/<pk>": _GOODS,
    "POST /dispute/<pk>/uphold": {"amount"},
    "POST /counselor/services": _OFFER,
    "PATCH /counselor/services/<pk>": _OFFER,
    "category": {"is_active"},
    # A counselor names nobody else (404); staff do.
    "schedule-templates": {"is_active", "counselor_id"},
    "schedule-exceptions": {"is_active", "counselor_id"},
    "time-slots": {"counselor_id"},
    "disease-tags": {"is_active"},
    "role": {"permissions", "data_scope"},
    "POST /stat/appointment/export": {"counselor"},
}
# Columns that differ between two runs of one request.
VOLATILE = {
    "id", "created_at", "updated_at", "number", "sid", "jti", "expires_at", "issued_at",
    "last_seen_at", "consumed_at", "revoked_at", "password", "name", "phone", "note", "digest",
    "history",
    "emergency_name", "emergency_phone", "guardian_name", "guardian_phone", "paid_at",
    "prepaid_at", "prepay_id",
    "next_query_at", "next_try_at", "due_at", "started_at", "agreed_at", "withdrawn_at", "read_at",
    "order_id", "order_item_id", "live_order", "locks_at", "body", "changed_at", "last_login",
    "object_pk",
    "user_agent", "successor_id", "session_id", "sent_at", "last_at", "stepped_up_at",
    "row_key", "receiver", "region", "detail",
    "free_cancel_until", "fee_cancel_until",
    "key", "lease_until", "code", "completed_at", "handed_over_at", "confirm_by", "remind_at",
    "decided_at", "shipped_at", "used_at", "hidden_at", "replied_at",
    "contact_person", "contact_phone", "email", "submitted_at",
    "claimed_at", "ends_at", "ended_at", "end_asked_at", "agreed_from", "snapshot", "lost_at",
    "resolved_at", "offered_at",
    "reviewed_at", "message_id", "prefix", "sealed_filters", "context",
}  # fmt: skip
WRITES = [name for name in ROUTES if name.split()[0] in {"POST", "PUT", "PATCH"}]


@pytest.fixture
def world(world):
    if connection.vendor != "sqlite":
        pytest.skip("ids go on after an undone insert there")
    return world


def actor_for(case, world) -> str:
    """Somebody whom the route lets in."""
    for actor in ("owner", "counselor", "super_admin"):
        if expected(case, world, actor) == "in":
            return actor
    raise AssertionError("nobody may call it")


def written(route, case, world, actor, extra: dict) -> tuple[int, dict]:
    """(status, all rows behind the request) for the usual body and `extra`."""
    sent = extra | case.body(world)
    response, behind = call(route, case, world, actor, body=sent, look=lambda: rows(*VOLATILE))
    return response.status_code, behind


def differing(plain: tuple[int, dict], attacked: tuple[int, dict]) -> dict:
    """{table: (rows only without, rows only with the extra fields)}, and the statuses."""
    found = {
        table: (
            [row for row in plain[1][table] if row not in attacked[1][table]],
            [row for row in attacked[1][table] if row not in plain[1][table]],
        )
        for table in plain[1]
        if plain[1][table] != attacked[1][table]
    }
    return found | ({"status": (plain[0], attacked[0])} if plain[0] != attacked[0] else {})


@pytest.mark.parametrize("name", WRITES)
def test_privileged_fields_change_nothing(name, world, sandbox):
    route, case = ROUTES[name], TABLE[name]
    actor = actor_for(case, world)
    writable = WRITABLE.get(name) or WRITABLE.get(name.split("/")[1].split(" ")[0], set())
    extra = {key: value for key, value in PRIVILEGES.items() if key not in writable}

    sandbox.reset()
    plain = written(route, case, world, actor, {})
    sandbox.reset()  # providers count what they sent
    attacked = written(route, case, world, actor, extra)

    assert differing(plain, attacked) == {}


def test_a_field_that_became_writable_is_found(world, monkeypatch):
    from rest_framework import serializers

    from accounts.serializers.profile import ProfileBody
    from accounts.views import profile

    class Careless(ProfileBody):
        is_staff = serializers.BooleanField(required=False)

    def update(user_id, *, is_staff=False, **fields):
        from accounts.models import User

        User.objects.filter(pk=user_id).update(is_staff=is_staff, **fields)

    monkeypatch.setattr(profile, "ProfileBody", Careless)
    monkeypatch.setattr(profile, "update_profile", update)
    route, case = ROUTES["PUT /users/profile"], TABLE["PUT /users/profile"]

    plain = written(route, case, world, "owner", {})
    attacked = written(route, case, world, "owner", PRIVILEGES)

    assert set(differing(plain, attacked)) == {"accounts_user"}
