"""Rules that hold at every address: envelope, slash, alias, parser, headers.  Over HTTP."""

import gzip
import json
import re

import pytest
from django.test import Client

from tests.helpers import Api

HEALTH = "/api/v1/health"
# An action that reads its body before anything else; no login needed.
OPEN_POST = "/login"


@pytest.fixture
def http(db):
    return Client(raise_request_exception=False)


def post(http, body: bytes | str, content_type="application/json", path=f"/api/v1{OPEN_POST}"):
    return http.generic("POST", path, body, content_type=content_type)


def envelope_of(response):
    """The body of a refusal, checked to be a whole envelope."""
    body = json.loads(response.content)
    assert set(body) == {"code", "message", "data", "request_id"}
    assert response.headers["Content-Type"] == "application/json"
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body


def test_success_is_an_envelope_with_three_keys(http):
    response = http.get(HEALTH)

    assert response.status_code == 200
    assert response.json() == {"code": 0, "message": "success", "data": {"status": "ok"}}


@pytest.mark.parametrize("path", [HEALTH, "/api/health", f"{HEALTH}/", "/api/health/"])
def test_alias_and_trailing_slash_answer_alike_without_redirect(http, path):
    assert http.get(path).content == http.get(HEALTH).content


def test_a_post_with_a_slash_keeps_its_body(http):
    with_slash = post(http, "{}", path="/api/v1/login/")
    without = post(http, "{}")

    assert with_slash.status_code == without.status_code == 400
    assert with_slash.json()["data"] == without.json()["data"] != {}


@pytest.mark.parametrize(
    "path", ["/api/v2/health", "/api/v0/health", "/api/v1/nothing", "/api/v1", "/nothing", "/api"]
)
def test_an_unknown_path_or_version_is_an_enveloped_404(http, path):
    response = http.get(path)

    assert response.status_code == 404
    assert envelope_of(response)["code"] == 10404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"])
def test_an_unknown_path_is_404_for_every_method(db, method):
    strict = Client(raise_request_exception=False, enforce_csrf_checks=True)

    response = strict.generic(method, "/api/v1/nothing", "{}", content_type="application/json")

    assert response.status_code == 404
    assert envelope_of(response)["code"] == 10404


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "TRACE", "PROPFIND"])
def test_a_method_the_route_lacks_is_405(http, method):
    response = http.generic(method, HEALTH)

    assert response.status_code == 405
    assert envelope_of(response)["code"] == 10405


def test_only_post_can_be_overridden_and_only_to_writing_methods(http):
    override = {"X-HTTP-Method-Override": "PATCH"}

    assert http.get(HEALTH, headers=override).status_code == 200
    as_patch = http.post(f"/api/v1{OPEN_POST}", headers=override)
    assert as_patch.status_code == 405
    for wanted in ("GET", "TRACE", "CONNECT", "patch\n"):
        answer = post_with(http, {"X-HTTP-Method-Override": wanted})
        assert answer.status_code == 400, wanted  # still the POST with an empty body


def post_with(http, headers):
    return http.post(f"/api/v1{OPEN_POST}", "{}", content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[1,", b"nonsense", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1, "a": 2}',
        b"\xff\xfe{\x00}\x00", b'{"a": "\xff"}', b"1", b"null", b'"text"', b"\xef\xbb\xbf{}",
        b"[" * 5000 + b"]" * 5000, b'{"a":' * 40 + b"1" + b"}" * 40, b'{"a": \x00}',
    ],
)  # fmt: skip
def test_a_body_that_is_not_strict_json_is_400(http, body):
    response = post(http, body)

    assert response.status_code == 400
    assert envelope_of(response)["code"] == 10400


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-7", "application/json; charset=gbk"]
)
def test_json_in_another_encoding_is_400(http, content_type):
    response = post(http, "{}", content_type)

    assert (response.status_code, envelope_of(response)["code"]) == (400, 10400)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "x"]
)
def test_another_content_type_is_415(http, content_type):
    response = post(http, "a=1", content_type)

    assert (response.status_code, envelope_of(response)["code"]) == (415, 10415)


def test_a_body_over_one_megabyte_is_413(http):
    response = post(http, json.dumps({"text": "x" * 1024 * 1024}))

    assert (response.status_code, envelope_of(response)["code"]) == (413, 10413)


def test_a_crash_is_an_enveloped_500_without_a_trace(http, monkeypatch):
    from config import health

    def crash(self, request):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(health.HealthViewSet, "list", crash)
    response = http.get(HEALTH)

    assert response.status_code == 500
    assert envelope_of(response)["code"] == 10500
    assert b"secret" not in response.content


def test_the_request_id_comes_back_or_is_made(http):
    given = http.get(HEALTH, headers={"X-Request-ID": "mini-program-42"})
    bad = http.get(HEALTH, headers={"X-Request-ID": "a b\nc"})

    assert given.headers["X-Request-ID"] == "mini-program-42"
    assert re.fullmatch("[0-9a-f]{32}", bad.headers["X-Request-ID"])
    assert http.get(HEALTH).headers["X-Request-ID"] != http.get(HEALTH).headers["X-Request-ID"]


def test_messages_are_chinese_and_english_on_request(http):
    def message(**headers):
        return http.get("/api/v1/nothing", headers=headers).json()["message"]

    assert message() == "内容不存在"
    assert message(**{"Accept-Language": "en-US,en;q=0.9"}) == "Not found"
    assert message(**{"Accept-Language": "fr"}) == "内容不存在"


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "bearer é", "Bearer " + "x" * 9000,
     "Basic dXNlcjpwYXNz"],
)  # fmt: skip
def test_a_token_that_is_not_ours_is_401_or_nobody(http, header):
    response = http.get("/api/v1/user/profile", headers={"Authorization": header})

    assert response.status_code == 401
    assert envelope_of(response)["code"] == 10401
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_cookies_log_nobody_in(user):
    browser = Client(raise_request_exception=False)
    browser.force_login(user)

    assert browser.get("/api/v1/user/profile").status_code == 401
    assert Api(user).get("/user/profile").status_code == 200


def test_the_api_sets_no_cookie(api):
    response = api.get("/user/profile")

    assert not response.cookies
    assert "Set-Cookie" not in response.headers


def test_security_headers_are_on_every_answer(http):
    headers = http.get(HEALTH).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Server" not in headers


def test_cors_answers_only_listed_origins(http, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://www.example.com"]

    ours = http.get(HEALTH, headers={"Origin": "https://www.example.com"})
    foreign = http.get(HEALTH, headers={"Origin": "https://evil.example.com"})
    preflight = http.options(
        HEALTH,
        headers={
            "Origin": "https://www.example.com",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,idempotency-key",
        },
    )

    assert ours.headers["Access-Control-Allow-Origin"] == "https://www.example.com"
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert "Access-Control-Allow-Credentials" not in ours.headers
    assert preflight.status_code == 200
    assert "idempotency-key" in preflight.headers["Access-Control-Allow-Headers"]


def test_long_answers_are_gzipped_for_those_who_can(http):
    plain = http.get("/api/v1/schema")
    zipped = http.get("/api/v1/schema", headers={"Accept-Encoding": "gzip"})

    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.content) == plain.content
