"""The OpenAPI document is clean, complete, in Chinese, and its examples fit."""

import re

import jsonschema
import pytest
from django.conf import settings
from django.core.management import call_command
from drf_spectacular.validation import validate_schema

from config.api.exceptions import GENERAL
from config.api.schema_view import built
from tests.architecture.routes import api_routes
from tests.architecture.test_errors import chinese, errors

OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in built()["paths"].items()
    for method, operation in methods.items()
]
IDS = [name for name, _ in OPERATIONS]
CODES = {code for code, _ in GENERAL.values()} | {error.code for error in errors()}


def bodies(operation, *, sent: bool):
    """(schema, example) of every JSON body."""
    parts = [operation["requestBody"]] if sent and "requestBody" in operation else []
    if not sent:
        parts = operation["responses"].values()
    for part in parts:
        for media in part.get("content", {}).values():
            examples = [media["example"]] if "example" in media else []
            examples += [entry["value"] for entry in media.get("examples", {}).values()]
            yield media["schema"], examples


def resolvable(schema: dict) -> dict:
    """OpenAPI 3.0's nullable and exclusive ends as JSON Schema says them."""

    def turn(node):
        if isinstance(node, list):
            return [turn(entry) for entry in node]
        if not isinstance(node, dict):
            return node
        node = {key: turn(value) for key, value in node.items()}
        for end in ("exclusiveMaximum", "exclusiveMinimum"):
            if node.get(end) is True:
                node[end] = node.pop(end.replace("exclusiveM", "m"))
        if node.pop("nullable", False):
            return {"anyOf": [node, {"type": "null"}]}
        return node

    return turn(schema | {"components": built()["components"]})


def test_the_document_is_valid_and_generates_without_a_warning(tmp_path):
    validate_schema(built())
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml")
    )


def test_every_route_is_documented_and_nothing_else():
    def shape(path):
        return re.sub(r"<\w+>|\{\w+\}", "{}", path)

    routes = {
        (route.method, shape(route.path))
        for route in api_routes()
        if route.path.startswith("/api/v1/")
    }
    documented = {(name.split()[0], shape(name.split()[1])) for name in IDS}

    assert documented == routes


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=IDS)
def test_every_operation_has_a_chinese_title(name, operation):
    assert chinese(operation.get("summary") or ""), name


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=IDS)
def test_every_body_has_an_example_that_fits(name, operation):
    for sent in (True, False):
        for schema, examples in bodies(operation, sent=sent):
            assert examples, f"{name} has no example"
            for example in examples:
                jsonschema.validate(example, resolvable(schema))


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=IDS)
def test_every_refusal_names_codes_that_exist(name, operation):
    responses = operation["responses"]
    assert {status for status in responses if status.startswith("2")}, name
    for status, response in responses.items():
        if not status.startswith("2"):
            codes = {int(code) for code in response["content"]["application/json"]["examples"]}
            assert codes
            assert codes <= CODES
    assert "429" in responses
    assert "503" in responses


def test_security_is_bearer_and_optional_where_everybody_may_call():
    schemes = built()["components"]["securitySchemes"]
    assert schemes["Bearer"]["scheme"] == "bearer"
    assert (schemes["ApiKey"]["in"], schemes["ApiKey"]["name"]) == ("header", "X-API-Key")
    by_name = dict(OPERATIONS)

    assert by_name["GET /api/v1/order"]["security"] == [{"Bearer": []}]
    assert by_name["GET /api/v1/counselor"]["security"] == [
        {"Bearer": []}, {"ApiKey": []}, {},
    ]  # fmt: skip
    assert by_name["GET /api/v1/health"]["security"] == [{"Bearer": []}, {}]
    assert by_name["POST /api/v1/login"]["security"] == [{}]


@pytest.mark.parametrize(
    "name", ["POST /api/v1/order", "POST /api/v1/pay", "POST /api/v1/refund",
             "POST /api/v1/appointment", "POST /api/v1/appointment/{id}/cancel"],
)  # fmt: skip
def test_what_moves_money_or_books_takes_an_idempotency_key(name):
    operation = dict(OPERATIONS)[name]

    assert "Idempotency-Key" in [p["name"] for p in operation["parameters"]]
    assert "11008" in operation["responses"]["422"]["content"]["application/json"]["examples"]
    assert "11009" in operation["responses"]["409"]["content"]["application/json"]["examples"]


@pytest.mark.parametrize("path", ["order", "refund", "counselor", "appointment", "user"])
def test_lists_document_their_pages_and_filters(path):
    names = {p["name"] for p in dict(OPERATIONS)[f"GET /api/v1/{path}"]["parameters"]}

    assert {"page", "size"} < names


@pytest.mark.django_db
def test_the_document_is_served_as_json_and_yaml_and_read_without_other_sites(client):
    as_json = client.get("/api/schema")
    as_yaml = client.get("/api/schema?format=yaml")

    assert as_json.json()["info"]["title"] == "Banxin API"
    assert as_yaml.content.startswith(b"openapi: 3")
    for page in ("/api/docs", "/api/redoc"):
        text = client.get(page).content.decode()
        assert re.findall(r'(?:src|href)="(https?:)?//', text) == [], page


GUIDE = (settings.BASE_DIR / "docs" / "api-guide.md").read_text(encoding="utf-8")
ROWS = [line for line in GUIDE.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("path", sorted(built()["paths"]))
def test_the_guide_has_a_row_for_every_path(path):
    """Rows may shorten: "`/role`, `/role/{id}`", "POST `/role/{id}/merge`, `/split`"."""
    parts = path.removeprefix("/api/v1").strip("/").split("/")
    first, last = f"/{parts[0]}", "/{" if parts[-1].startswith("{") else f"/{parts[-1]}"

    assert any(first in row and last in row for row in ROWS)


def integers(node: dict, name: str):
    """(where, schema) of every whole number in a body."""
    if "$ref" in node:
        name = node["$ref"].rsplit("/")[-1]
        node = built()["components"]["schemas"][name]
    if node.get("type") == "integer":
        yield name, node
    for key, part in node.get("properties", {}).items():
        yield from integers(part, f"{name}.{key}")
    for part in [node["items"]] if "items" in node else node.get("allOf", []):
        yield from integers(part, name)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=IDS)
def test_no_number_in_a_body_is_too_large_for_a_column(name, operation):
    found = [
        (where, number)
        for schema, _ in bodies(operation, sent=True)
        for where, number in integers(schema, name)
        if "enum" not in number and number.get("maximum", 2**64) > 2**63 - 1
    ]

    assert found == []
