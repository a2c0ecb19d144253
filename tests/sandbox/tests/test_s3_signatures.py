"""Who may call the store: signatures in headers, and none."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from .s3_signer import refusal

KEY = "目录/a b+c~(1).txt"


@pytest.fixture
def filled(control, store):
    assert store.put(KEY, b"hello").status_code == 200
    return store


def test_a_good_signature_reaches_the_object(filled):
    answer = filled.get(KEY)
    assert (answer.status_code, answer.content) == (200, b"hello")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"secret": "wrong"}, 403, "SignatureDoesNotMatch"),
        ({"key_id": "AKNOBODY"}, 403, "InvalidAccessKeyId"),
        ({"signed_path": "/other/key"}, 403, "SignatureDoesNotMatch"),
        ({"signed_params": {"a": "1"}}, 403, "SignatureDoesNotMatch"),
        ({"payload": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, 400, "InvalidArgument"),
        ({"payload": "0" * 64}, 400, "XAmzContentSHA256Mismatch"),
        ({"payload": "short"}, 400, "InvalidArgument"),
        ({"loose": {"x-amz-meta-a": "1"}}, 403, "AccessDenied"),
        ({"loose": {"Authorization": "AWS4-HMAC-SHA256 x"}}, 400, "AuthorizationHeaderMalformed"),
        ({"loose": {"Authorization": "AWS AK:sig"}}, 400, "InvalidRequest"),
        ({"loose": {"x-amz-date": "yesterday"}}, 403, "AccessDenied"),
    ],
)
def test_wrong_signature(control, store, changes, status, code):
    answer = store.put(KEY, b"hello", **changes)

    assert refusal(answer) == (status, code)
    assert answer.headers["content-type"] == "application/xml"
    assert control.objects() == []


@pytest.mark.parametrize(("minutes", "status"), [(-16, 403), (-14, 200), (14, 200), (16, 403)])
def test_signature_is_good_for_fifteen_minutes(filled, minutes, status):
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    answer = filled.get(KEY, moment=moment)

    assert answer.status_code == status
    if status == 403:
        assert refusal(answer) == (403, "RequestTimeTooSkewed")


def test_signature_times_follow_the_real_clock(control, filled):
    link = filled.link("GET", KEY, life=60)
    control.clock(advance=86400)

    assert filled.get(KEY).status_code == 200
    assert httpx.get(link, trust_env=False).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_nobody_gets_in_without_a_signature(control, filled, method):
    url = f"{filled.endpoint}{filled.path(KEY)}"
    answer = filled.http.request(method, url)

    assert answer.status_code == 403
    assert method == "HEAD" or refusal(answer) == (403, "AccessDenied")
    assert control.object_bytes(KEY) == b"hello"
    assert filled.http.get(f"{filled.endpoint}/{filled.bucket}").status_code == 403


def test_an_unsigned_body_is_taken_as_it_is(control, store):
    assert store.put("k", b"hello", payload="UNSIGNED-PAYLOAD").status_code == 200
    assert control.object_bytes("k") == b"hello"


def test_two_signatures_are_one_too_many(filled):
    link = filled.link("GET", KEY)
    answer = filled.http.get(link, headers={"Authorization": "AWS4-HMAC-SHA256 x"})
    assert refusal(answer) == (400, "InvalidArgument")


def test_the_older_signature_is_not_supported(filled):
    query = {"AWSAccessKeyId": filled.key_id, "Signature": "x", "Expires": "99999999999"}
    answer = filled.http.get(f"{filled.endpoint}{filled.path(KEY)}", params=query)
    assert refusal(answer) == (400, "InvalidRequest")


def test_foreign_bucket_and_unknown_operations(control, filled):
    foreign = filled.call("GET", None, sent_path="/other/key")
    acl = filled.call("GET", KEY, params={"acl": ""})
    patch = filled.call("PATCH", KEY)

    assert refusal(foreign) == (404, "NoSuchBucket")
    assert refusal(acl) == (501, "NotImplemented")
    assert refusal(patch) == (405, "MethodNotAllowed")


def test_a_body_of_unknown_length_is_refused(control, store):
    link = store.link("PUT", "k")
    answer = httpx.put(link, content=iter([b"a", b"b"]), trust_env=False)

    assert refusal(answer) == (411, "MissingContentLength")
    assert control.objects() == []


def test_browsers_of_other_hosts_may_ask(filled):
    url = f"{filled.endpoint}{filled.path(KEY)}"
    asked = filled.http.options(
        url, headers={"Origin": "http://h5", "Access-Control-Request-Headers": "content-type"}
    )
    answer = filled.http.get(filled.link("GET", KEY), headers={"Origin": "http://h5"})

    assert asked.status_code == 200
    assert asked.headers["access-control-allow-headers"] == "content-type"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]
