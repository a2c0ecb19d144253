"""Presigned links and upload forms: what a client may do without the store's keys."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from .s3_signer import elements, refusal

PNG = {"Content-Type": "image/png"}
SIZES = [["content-length-range", 1, 1000]]


@pytest.fixture
def filled(control, store):
    assert store.put("a b/é.txt", b"hello", headers={"Content-Type": "text/plain"})
    return store


def get(url: str, **options) -> httpx.Response:
    return httpx.get(url, trust_env=False, **options)


def put(url: str, content: bytes, **headers: str) -> httpx.Response:
    return httpx.put(url, content=content, headers=headers, trust_env=False)


def test_a_link_reads_one_object(filled):
    answer = get(filled.link("GET", "a b/é.txt"), headers={"Range": "bytes=1-2"})

    assert (answer.status_code, answer.content) == (206, b"el")
    assert answer.headers["content-type"] == "text/plain"


def test_a_link_may_name_the_download(filled):
    wishes = {
        "response-content-disposition": 'attachment; filename="证书.txt"\r\nX-Bad: 1',
        "response-content-type": "application/octet-stream",
    }
    answer = get(filled.link("GET", "a b/é.txt", params=wishes))

    assert answer.headers["content-type"] == "application/octet-stream"
    raw = {name.lower(): value for name, value in answer.headers.raw}
    assert raw[b"content-disposition"].decode() == 'attachment; filename="证书.txt" X-Bad: 1'
    assert "x-bad" not in answer.headers


def test_a_link_is_for_one_object_method_and_time(control, filled):
    filled.put("other", b"secret")
    link = filled.link("GET", "a b/é.txt")

    for tampered in (
        link.replace("a%20b/%C3%A9.txt", "other"),
        link.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"),
        f"{link}&response-content-type=text/html",
        filled.link("PUT", "a b/é.txt"),
        filled.link("GET", "a b/é.txt", secret="wrong"),
    ):
        assert refusal(get(tampered)) == (403, "SignatureDoesNotMatch")
    assert refusal(put(link, b"x")) == (403, "SignatureDoesNotMatch")
    assert control.object_bytes("a b/é.txt") == b"hello"


def test_a_link_ends(filled):
    past = datetime.now(UTC) - timedelta(seconds=61)
    future = datetime.now(UTC) + timedelta(minutes=16)
    expired = get(filled.link("GET", "a b/é.txt", life=60, moment=past))
    early = get(filled.link("GET", "a b/é.txt", moment=future))

    assert refusal(expired) == (403, "AccessDenied")
    assert elements(expired, "Message") == ["Request has expired"]
    assert elements(early, "Message") == ["Request is not yet valid"]
    assert get(filled.link("GET", "a b/é.txt", life=600, moment=past)).status_code == 200


@pytest.mark.parametrize("life", [0, 604801])
def test_life_of_a_link_has_limits(filled, life):
    answer = get(filled.link("GET", "a b/é.txt", life=life))
    assert refusal(answer) == (400, "AuthorizationQueryParametersError")


def test_links_grow_old_on_order(control, filled):
    read, write = filled.link("GET", "a b/é.txt"), filled.link("PUT", "new")
    form = filled.form("form", fields=PNG)
    control.age_links(590)
    assert get(read).status_code == 200

    control.age_links(20)
    assert elements(get(read), "Message") == ["Request has expired"]
    assert refusal(put(write, b"x")) == (403, "AccessDenied")
    assert refusal(filled.post(form, b"x")) == (403, "AccessDenied")
    assert get(filled.link("GET", "a b/é.txt")).status_code == 200
    assert filled.get("a b/é.txt").status_code == 200
    control.reset()
    assert put(filled.link("PUT", "new"), b"x").status_code == 200


def test_a_link_writes_one_object_of_one_type(control, store):
    link = store.link("PUT", "up.png", headers={"content-type": "image/png"})

    wrong = put(link, b"x", **{"Content-Type": "text/html"})
    assert refusal(wrong) == (403, "SignatureDoesNotMatch")
    assert refusal(put(link, b"x", **PNG, **{"x-amz-meta-a": "1"})) == (403, "AccessDenied")
    assert control.objects() == []
    assert put(link, b"x", **PNG).status_code == 200
    assert control.object("up.png")["type"] == "image/png"


def test_a_form_uploads_one_file(control, store):
    content = b"\r\n--half a boundary\r\n" * 20
    answer = store.post(store.form("up/a.png", SIZES, fields=PNG), content)

    assert (answer.status_code, answer.content) == (204, b"")
    assert control.object_bytes("up/a.png") == content
    assert control.object("up/a.png")["type"] == "image/png"
    assert answer.headers["etag"] == f'"{control.object("up/a.png")["etag"]}"'


def test_a_form_may_ask_for_an_answer(control, store):
    answer = store.post(store.form("k", fields={"success_action_status": "201"}), b"x")

    assert answer.status_code == 201
    assert (elements(answer, "Bucket"), elements(answer, "Key")) == ([store.bucket], ["k"])
    assert elements(answer, "Location") == [f"{store.endpoint}/{store.bucket}/k"]
    plain = store.post(store.form("k", fields={"success_action_status": "200"}), b"x")
    assert plain.status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"key": "other"}, 403, "AccessDenied"),
        ({"Content-Type": "text/html"}, 403, "AccessDenied"),
        ({"x-amz-meta-a": "1"}, 403, "AccessDenied"),
        ({"acl": "public-read"}, 403, "AccessDenied"),
        ({"x-amz-signature": "0" * 64}, 403, "SignatureDoesNotMatch"),
        ({"x-amz-date": "20200101T000000Z"}, 403, "SignatureDoesNotMatch"),
        ({"x-amz-algorithm": "none"}, 400, "InvalidArgument"),
        ({"x-amz-credential": ""}, 400, "InvalidArgument"),
        ({"policy": "", "x-amz-signature": "x"}, 400, "InvalidArgument"),
        ({"policy": b64encode(b"{}").decode()}, 403, "SignatureDoesNotMatch"),
    ],
)
def test_a_form_allows_nothing_else(control, store, change, status, code):
    fields = store.form("up/a.png", SIZES, fields=PNG) | change

    assert refusal(store.post(fields, b"x")) == (status, code)
    assert control.objects() == []


@pytest.mark.parametrize(("size", "code"), [(0, "EntityTooSmall"), (1001, "EntityTooLarge")])
def test_a_form_limits_the_size(control, store, size, code):
    answer = store.post(store.form("k", SIZES), b"x" * size)

    assert refusal(answer) == (400, code)
    assert elements(answer, "ProposedSize") == [str(size)]
    assert control.objects() == []
    assert store.post(store.form("k", SIZES), b"x" * 1000).status_code == 204


def test_a_form_may_leave_the_end_of_the_name_open(control, store):
    open_end = [["starts-with", "$key", "up/user7/"]]
    form = store.form("up/user7/${filename}", open_end, free=("key",))

    assert store.post(form | {"key": "up/user7/b.png"}, b"x").status_code == 204
    assert store.post(form | {"x-ignore-me": "1"}, b"x").status_code == 204
    elsewhere = store.post(form | {"key": "up/user8/b.png"}, b"x")
    assert refusal(elsewhere) == (403, "AccessDenied")
    assert [row["key"] for row in control.objects()] == ["up/user7/a.png", "up/user7/b.png"]


def test_a_form_ends(control, store):
    past = datetime.now(UTC) - timedelta(seconds=61)
    expired = store.post(store.form("k", life=60, moment=past), b"x")

    assert refusal(expired) == (403, "AccessDenied")
    assert elements(expired, "Message") == ["Invalid according to Policy: Policy expired."]
    assert store.post(store.form("k", life=70, moment=past), b"x").status_code == 204


def test_forms_that_are_none(control, store):
    url = f"{store.endpoint}/{store.bucket}"
    form = store.form("k")
    nothing = store.http.post(url, data={"key": "k"})
    parts = {name: (None, value) for name, value in form.items()}
    no_file = store.http.post(url, files=parts)
    anonymous = store.http.post(url, data={"key": "k"}, files={"file": ("a", b"x")})
    long = store.http.post(url, data={"a": "x" * 30000}, files={"file": ("a", b"x")})

    assert refusal(nothing) == (412, "PreconditionFailed")
    assert refusal(no_file) == (400, "InvalidArgument")
    assert refusal(anonymous) == (403, "AccessDenied")
    assert refusal(long) == (400, "MaxPostPreDataLengthExceeded")
    assert control.objects() == []


def test_trouble_with_an_upload(control, store):
    control.fault("drop", "s3", "post_object", match={"key": "k"})
    with pytest.raises(httpx.TransportError):
        store.post(store.form("k"), b"x")
    assert control.object_bytes("k") == b"x"
    control.fault("error:ServiceUnavailable", "s3", "post_object")
    assert refusal(store.post(store.form("k2"), b"x")) == (503, "ServiceUnavailable")
    assert [row["key"] for row in control.objects()] == ["k"]
