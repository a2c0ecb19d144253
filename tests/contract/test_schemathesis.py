"""Generated requests against every operation of the schema: no 5xx, nothing undocumented.

Each runs in a savepoint that is undone, so every example meets the same world.  Same examples on
every run: a finding can be repeated.
"""

import os

import hypothesis
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.api.schema_view import built
from tests.helpers import forget_everything

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance,
]  # fmt: skip
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "6"))
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SCHEMA = schemathesis.openapi.from_dict(built())
SCHEMA.app = WSGIHandler()
OPERATIONS = {
    f"{operation.method.upper()} {operation.path}": operation
    for operation in (found.ok() for found in SCHEMA.get_all_operations())
}
# What an address's {id} is of: without this generated ids would nearly always be a 404.
IDS = {
    "addresses": "address_id", "products": "goods_id",
    "order": "order_id", "merchants": "merchant_id", "pay": "payment_id", "refund": "refund_id",
    "counselor": "counselor_row_id", "leave-requests": "leave_id",
    "affected-appointments": "hit_id",
    "appointment": "appointment_id", "time-slots": "slot_id", "category": "category_id",
    "disease-tags": "tag_id", "user": "stranger_id", "role": "own_role_id", "devices": "session_id",
    "client": "profile_id", "schedule-templates": "template_id",
    "schedule-exceptions": "exception_id", "file": "file_id", "service": "service_id",
    "menu": "menu_id", "animals": "animal_id", "claims": "claim_id",
}  # fmt: skip


@pytest.fixture
def world(world, settings):
    settings.EMAIL_URL = "smtp://mail.example.com"  # what is sent stays in the test's own box
    return world


@pytest.mark.parametrize("actor", ["anonymous", "owner", "super_admin"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_are_what_the_schema_says(name, actor, world):
    operation = OPERATIONS[name]
    headers = {"Accept-Encoding": "identity"} | world.clients[actor].headers
    count = 0

    @hypothesis.seed(20261121)
    @SETTINGS
    @hypothesis.given(case=operation.as_strategy())
    def conforms(case):
        nonlocal count
        count += 1
        if count % 2 and case.path_parameters:
            known = getattr(world, IDS.get(case.path.split("/")[3], "order_id"))
            case.path_parameters = dict.fromkeys(case.path_parameters, known)
        forget_everything()
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        case.validate_response(response, checks=CHECKS)

    conforms()


def test_the_schema_has_operations_to_test():
    assert len(OPERATIONS) > 60
