"""What every answer has in common, seen through accounts: language, request id, both prefixes."""

import pytest

from tests.helpers import Api, refusal


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (None, "账号或密码错误"),
        ("zh-CN,zh;q=0.9", "账号或密码错误"),
        ("fr", "账号或密码错误"),
        ("en", "Wrong account or password"),
        ("en-GB,en;q=0.9", "Wrong account or password"),
    ],
)
def test_messages_are_chinese_or_english(db, language, message):
    headers = {"Accept-Language": language} if language else {}
    body = {"account": "nobody", "password": "wrong"}

    answer = Api().post("/login", body, **headers).json()

    assert answer["code"] == 11001
    if language and language.startswith("en"):
        assert answer["message"].isascii()
    else:
        assert answer["message"] == message


def test_field_errors_follow_the_language(db):
    chinese = Api().post("/login", {"account": "x"}).json()["data"]["password"]
    english = (
        Api().post("/login", {"account": "x"}, Accept_Language="en").json()["data"]["password"]
    )
    assert chinese != english
    assert english[0].isascii()


def test_a_request_id_is_echoed_and_in_the_error(db):
    response = Api().post("/login", {}, X_Request_ID="my-request-1")
    assert response.headers["X-Request-ID"] == "my-request-1"
    assert response.json()["request_id"] == "my-request-1"


@pytest.mark.parametrize("given", ["short", "x" * 65, "a b c d e f", "a\tb-12345", "中文中文中文"])
def test_a_strange_request_id_is_replaced(db, given):
    header = given.encode().decode("latin-1")
    response = Api().post("/login", {}, X_Request_ID=header)
    made = response.headers["X-Request-ID"]
    assert (made != header, len(made), made.isalnum()) == (True, 32, True)
    assert response.json()["request_id"] == made


@pytest.mark.parametrize("path", ["/api/v1/users/profile", "/api/users/profile",
                                  "/api/v1/users/profile/", "/api/users/profile/"])  # fmt: skip
def test_both_prefixes_and_both_slashes(api, path):
    assert api.client.get(path, headers=api.headers).status_code == 200
    changed = api.client.put(path, {"nickname": "新"}, "application/json", headers=api.headers)
    assert changed.json() == {"code": 0, "message": "success", "data": {}}


@pytest.mark.parametrize("path", ["/api/v2/login", "/api/v1/nothing", "/api/v1/user/abc"])
def test_unknown_paths_are_an_enveloped_404(api, path):
    response = api.client.get(path, headers=api.headers)
    assert refusal(response) == (404, 10404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/login"),
        ("delete", "/users/profile"),
        ("put", "/devices"),
        ("post", "/agreements/user"),
    ],
)
def test_a_method_that_is_not_there_is_405(api, method, path):
    assert refusal(getattr(api, method)(path)) == (405, 10405)


def test_form_data_is_415(db):
    response = Api().client.post("/api/v1/login", {"account": "x", "password": "y"})
    assert refusal(response) == (415, 10415)
