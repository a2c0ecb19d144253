"""What clients rely on, field by field, over HTTP."""

import json
import re

import pytest

from tests.factories.accounts import PASSWORD
from tests.helpers import Api, data

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
LISTS = (
    "/order", "/refund", "/appointment", "/client-profile", "/counselor", "/time-slots",
    "/category", "/disease-tags", "/notifications", "/devices",
)  # fmt: skip
STAFF_LISTS = ("/user", "/role", "/menu")


@pytest.fixture
def owner(world) -> Api:
    return world.clients["owner"]


def raw(response, name: str) -> str:
    """How the body writes a member: the text itself, not what JSON makes of it."""
    return re.search(rf'"{name}":("[^"]*"|[^,}}\]]*)', response.content.decode()).group(1)


def test_login_answers_tokens_and_the_user(world):
    answer = data(Api().post("/login", {"account": "matrix_owner", "password": PASSWORD}))

    assert {"token", "refresh", "expires_in", "user"} <= set(answer)
    assert {"id", "openid", "nickname", "avatar"} <= set(answer["user"])
    assert answer["user"]["id"] == world.owner.pk


def test_mini_program_login_answers_the_same(sandbox, world):
    code = sandbox.login_code(sandbox.persona(nickname="小林")["id"])
    answer = data(Api().post("/users/login", {"code": code}))

    assert {"token", "refresh", "expires_in", "user"} <= set(answer)
    assert {"id", "openid", "nickname", "avatar"} <= set(answer["user"])
    assert answer["user"]["openid"]


def test_the_profile_has_its_fields_and_the_own_phone_in_full(owner, world):
    answer = data(owner.get("/users/profile"))

    assert set(answer) >= {
        "id", "openid", "nickname", "avatar", "gender", "birthday", "phone", "email",
    }  # fmt: skip
    assert answer["phone"] == world.owner.phone


def test_put_profile_takes_any_subset_and_answers_nothing(owner):
    assert data(owner.put("/users/profile", {"nickname": "新名", "gender": "female"})) == {}

    shown = data(owner.get("/users/profile"))
    assert (shown["nickname"], shown["gender"]) == ("新名", "female")


def test_others_see_a_phone_masked(world):
    shown = data(world.clients["admin"].get(f"/user/{world.owner.pk}"))

    assert shown["phone"] == f"{world.owner.phone[:3]}****{world.owner.phone[-4:]}"


def test_an_order_has_its_fields(owner, world):
    response = owner.get(f"/order/{world.order.pk}")
    answer = data(response)

    assert {"id", "order_number", "total_amount", "status", "ordered_at", "items"} <= set(answer)
    assert raw(response, "total_amount") == "300.00"
    assert MOMENT.fullmatch(answer["ordered_at"])
    assert re.fullmatch("[0-9A-Z]{16,32}", answer["order_number"])
    assert {"kind", "target_id", "title", "unit_price", "quantity"} <= set(answer["items"][0])


def test_a_refund_has_its_fields(owner, world):
    response = owner.get(f"/refund/{world.refund.pk}")

    assert {"id", "order_id", "amount", "status", "reason"} <= set(data(response))
    assert raw(response, "amount") == "100.00"


def test_an_appointment_has_its_fields(owner, world):
    response = owner.get(f"/appointment/{world.appointment.pk}")
    answer = data(response)

    assert {
        "id", "number", "status", "kind", "mode", "start_at", "end_at", "price", "slot_id",
        "counselor", "client", "order",
    } <= set(answer)  # fmt: skip
    assert raw(response, "price") == "300.00"
    assert MOMENT.fullmatch(answer["start_at"])


def test_a_counselor_has_its_fields(world):
    response = Api().get(f"/counselor/{world.counselor_row.pk}")
    answer = data(response)

    assert {"id", "name", "title", "specialties", "services", "rating"} <= set(answer)
    assert {"id", "kind", "mode", "minutes", "price"} <= set(answer["services"][0])
    assert raw(response, "price") == "300.00"


def test_a_slot_has_its_fields_and_its_business_day(world):
    answer = data(Api().get("/time-slots", {"counselor": world.counselor_row.pk}))
    slot = answer["list"][0]

    assert {"id", "counselor_id", "start_at", "end_at", "date", "minutes", "status"} <= set(slot)
    assert MOMENT.fullmatch(slot["start_at"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", slot["date"])


@pytest.mark.parametrize("path", LISTS + STAFF_LISTS)
def test_lists_have_pages(path, world):
    client = world.clients["super_admin" if path in STAFF_LISTS else "owner"]

    default = data(client.get(path))
    beyond = data(client.get(path, {"page": 999, "size": 100}))
    one = data(client.get(path, {"page": 1, "size": 1}))

    assert default["pagination"]["page"] == 1
    assert default["pagination"]["size"] == 10
    assert beyond["list"] == []
    assert beyond["pagination"] == default["pagination"] | {"page": 999, "size": 100}
    assert len(one["list"]) == min(1, one["pagination"]["total"])


@pytest.mark.parametrize("path", LISTS + STAFF_LISTS)
@pytest.mark.parametrize(
    "query",
    [{"page": "x"}, {"page": 0}, {"page": -1}, {"size": 0}, {"size": 101}, {"size": "1e1"},
     {"page": "１"}, {"page": 10**30}],
    ids=str,
)  # fmt: skip
def test_a_page_that_is_no_page_is_400_and_names_the_field(path, query, world):
    client = world.clients["super_admin" if path in STAFF_LISTS else "owner"]
    response = client.get(path, query)

    assert response.status_code == 400
    assert set(response.json()["data"]) == set(query)


def test_pages_do_not_shuffle(world):
    whole = [row["id"] for row in data(Api().get("/time-slots", {"size": 100}))["list"]]
    paged = [
        data(Api().get("/time-slots", {"page": n + 1, "size": 1}))["list"][0]["id"]
        for n in range(len(whole))
    ]

    assert paged == whole


@pytest.mark.parametrize("path", ["/counselor", "/time-slots", "/category", "/disease-tags"])
def test_public_lists_answer_304_to_who_has_them(path, world):
    first = Api().get(path)
    again = Api().get(path, if_none_match=first.headers["ETag"])

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]


def test_field_errors_name_the_field_and_keep_their_path(owner):
    body = {"items": [{"kind": "appointment", "target_id": "x"}]}
    refused = owner.post("/order", body)

    assert refused.status_code == 400
    assert "target_id" in json.dumps(refused.json()["data"]["items"])


def test_unknown_fields_are_ignored(owner):
    assert data(owner.put("/users/profile", {"nickname": "新名", "wings": 2})) == {}


def test_a_delete_answers_200_with_an_empty_object(owner, world):
    assert data(owner.delete(f"/devices/{world.session.pk}")) == {}


def test_one_key_and_body_gives_the_first_answer_and_another_body_is_422(owner, world):
    body = {"slot_id": world.slot_id, "service_id": world.service_id, "client_id": world.profile_id}

    first = owner.post("/appointment", body, key="key-00000001")
    again = owner.post("/appointment", body, key="key-00000001")
    other = owner.post("/appointment", body | {"note": "x"}, key="key-00000001")

    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert (other.status_code, other.json()["code"]) == (422, 11008)


def test_a_refusal_is_english_on_request(owner, world):
    refused = owner.post("/order", {"items": []}, accept_language="en")

    assert refused.json()["message"] == "The request is not valid"


@pytest.mark.parametrize("pk", ["0", "999999999", "-1", "1e3", "abc", "1%20", "%31", "9" * 40])
def test_a_strange_id_is_404_never_500(pk, owner):
    assert owner.get(f"/order/{pk}").status_code in {200, 404}
