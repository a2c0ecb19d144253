"""Single objects: writing, reading, ranges, conditions, copies and trouble."""

import base64
import hashlib
import socket
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.sandbox.client import SandboxClient, SandboxRefusedError
from tests.sandbox.server import Sandbox

from .s3_signer import Store, elements, refusal

HEADERS = {
    "Content-Type": "text/plain",
    "Content-Disposition": "attachment",
    "Cache-Control": "private",
    "x-amz-meta-owner": "7",
}


@pytest.fixture
def letters(control, store):
    assert store.put("letters", b"abcdefghij", headers=HEADERS).status_code == 200
    return store


def test_what_was_put_comes_back(control, store):
    etag = f'"{hashlib.md5(b"hello").hexdigest()}"'
    put = store.put("a/b.txt", b"hello", headers=HEADERS)
    got, head = store.get("a/b.txt"), store.call("HEAD", "a/b.txt")

    assert (put.status_code, put.headers["etag"], put.content) == (200, etag, b"")
    assert (got.status_code, got.content, head.status_code, head.content) == (
        200,
        b"hello",
        200,
        b"",
    )
    for answer in (got, head):
        assert answer.headers["etag"] == etag
        assert answer.headers["content-length"] == "5"
        assert answer.headers["accept-ranges"] == "bytes"
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        modified = parsedate_to_datetime(answer.headers["last-modified"])
        assert abs(modified.timestamp() - time.time()) < 5


def test_the_control_api_sees_objects(control, store):
    store.put("a/b.txt", b"hello", headers=HEADERS)
    store.put("c", b"")

    assert [row["key"] for row in control.objects()] == ["a/b.txt", "c"]
    assert [row["key"] for row in control.objects("a/")] == ["a/b.txt"]
    row = control.object("a/b.txt")
    assert (row["size"], row["type"]) == (5, "text/plain")
    assert row["sha256"] == hashlib.sha256(b"hello").hexdigest()
    assert row["headers"]["x-amz-meta-owner"] == "7"
    assert control.object_bytes("a/b.txt") == b"hello"
    assert control.object("c")["type"] == "binary/octet-stream"


def test_the_control_api_removes_objects(control, store):
    for key in ("a/1", "a/2", "b"):
        store.put(key, b"x")

    assert control.delete_object("b") is True
    assert control.delete_object("b") is False
    assert control.delete_objects("a/") == ["a/1", "a/2"]
    assert control.objects() == []
    for call in (control.object, control.object_bytes):
        with pytest.raises(SandboxRefusedError) as refused:
            call("b")
        assert refused.value.status == 404


def test_an_object_is_replaced_and_deleted(control, store):
    store.put("k", b"one")
    store.put("k", b"three")
    assert store.get("k").content == b"three"

    assert [store.call("DELETE", "k").status_code for _ in range(2)] == [204, 204]
    assert refusal(store.get("k")) == (404, "NoSuchKey")
    assert store.call("HEAD", "k").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "status", "content", "shown"),
    [
        ("bytes=0-0", 206, b"a", "bytes 0-0/10"),
        ("bytes=2-4", 206, b"cde", "bytes 2-4/10"),
        ("bytes=8-", 206, b"ij", "bytes 8-9/10"),
        ("bytes=-3", 206, b"hij", "bytes 7-9/10"),
        ("bytes=-99", 206, b"abcdefghij", "bytes 0-9/10"),
        ("bytes=0-99", 206, b"abcdefghij", "bytes 0-9/10"),
        ("bytes=4-2", 200, b"abcdefghij", None),
        ("bytes=0-1,3-4", 200, b"abcdefghij", None),
        ("lines=1-2", 200, b"abcdefghij", None),
    ],
)
def test_ranges(letters, wanted, status, content, shown):
    answer = letters.get("letters", headers={"Range": wanted})

    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-range") == shown
    assert answer.headers["content-length"] == str(len(content))


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=-0"])
def test_range_outside_of_the_object(letters, wanted):
    answer = letters.get("letters", headers={"Range": wanted})

    assert refusal(answer) == (416, "InvalidRange")
    assert answer.headers["content-range"] == "bytes */10"


def test_conditions(letters):
    etag = letters.call("HEAD", "letters").headers["etag"]
    modified = letters.call("HEAD", "letters").headers["last-modified"]

    def status(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return letters.get("letters", headers=named).status_code

    assert status(if_none_match=etag) == 304
    assert status(if_none_match='"other"') == 200
    assert status(if_match=etag) == 200
    assert status(if_match='"other"') == 412
    assert status(if_modified_since=modified) == 304
    assert status(if_unmodified_since="Sat, 01 Jan 2000 00:00:00 GMT") == 412
    again = letters.put("letters", b"new", headers={"If-None-Match": "*"})
    assert refusal(again) == (412, "PreconditionFailed")


def test_digests_of_the_body(control, store):
    def put(**headers: str) -> tuple[int, str]:
        return refusal(store.put("k", b"hello", headers=headers))

    good = base64.b64encode(hashlib.md5(b"hello").digest()).decode()
    bad = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    crc = base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()
    assert put(**{"Content-MD5": bad}) == (400, "BadDigest")
    assert put(**{"Content-MD5": "?"}) == (400, "InvalidDigest")
    assert put(**{"x-amz-checksum-crc32": "AAAAAA=="}) == (400, "BadDigest")
    assert control.objects() == []
    assert put(**{"Content-MD5": good, "x-amz-checksum-crc32": crc}) == (200, "")


def test_public_objects_cannot_be_made(control, store):
    answer = store.put("k", b"x", headers={"x-amz-acl": "public-read"})
    assert refusal(answer) == (400, "AccessControlListNotSupported")
    assert store.put("k", b"x", headers={"x-amz-acl": "private"}).status_code == 200


def test_copies_share_nothing_with_their_source(control, letters):
    source = f"/{letters.bucket}/letters"
    copied = letters.call("PUT", "copy", headers={"x-amz-copy-source": source})
    replaced = letters.call(
        "PUT",
        "typed",
        headers={
            "x-amz-copy-source": source,
            "x-amz-metadata-directive": "REPLACE",
            "Content-Type": "text/csv",
        },
    )
    letters.call("DELETE", "letters")

    assert elements(copied, "ETag") == elements(replaced, "ETag")
    assert letters.get("copy").content == b"abcdefghij"
    assert letters.get("copy").headers["x-amz-meta-owner"] == "7"
    assert control.object("typed")["headers"] == {"Content-Type": "text/csv"}


def test_impossible_copies(control, letters):
    def copy(source: str, key: str) -> tuple[int, str]:
        return refusal(letters.call("PUT", key, headers={"x-amz-copy-source": source}))

    assert copy(f"{letters.bucket}/nothing", "k") == (404, "NoSuchKey")
    assert copy("other/letters", "k") == (404, "NoSuchBucket")
    assert copy(f"{letters.bucket}/letters", "letters") == (400, "InvalidRequest")


def test_many_are_deleted_at_once(control, store):
    for key in ("a", "b&c", "d"):
        store.put(key, b"x")
    order = "<Delete><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object></Delete>"
    answer = store.call("POST", None, order.encode(), params={"delete": ""})

    assert (answer.status_code, elements(answer, "Key")) == (200, ["a", "b&amp;c"])
    assert [row["key"] for row in control.objects()] == ["d"]
    for body in (b"<Delete>", b"<Delete></Delete>", b"<Other/>"):
        bad = store.call("POST", None, body, params={"delete": ""})
        assert refusal(bad) == (400, "MalformedXML")


def test_lost_answer_after_the_work_was_done(control, store):
    control.fault("drop", "s3", "put_object", match={"key": "k"})
    with pytest.raises(httpx.TransportError):
        store.put("k", b"hello")
    assert control.object_bytes("k") == b"hello"


def test_error_before_the_work_leaves_no_trace(control, store):
    control.fault("error:SlowDown", "s3", "put_object")
    control.fault("status:502", "s3", "put_object")

    assert refusal(store.put("k", b"hello")) == (503, "SlowDown")
    assert store.put("k", b"hello").status_code == 502
    assert control.objects() == []
    assert store.put("k", b"hello").status_code == 200


def test_a_download_that_breaks_off(control, letters):
    control.fault("truncate_body", "s3", "get_object")
    with pytest.raises(httpx.RemoteProtocolError):
        letters.get("letters")
    assert letters.get("letters").content == b"abcdefghij"


def test_an_upload_that_breaks_off_leaves_nothing(control, store):
    link = httpx.URL(store.link("PUT", "k"))
    with socket.create_connection((link.host, link.port)) as connection:
        head = f"PUT {link.raw_path.decode()} HTTP/1.1\r\nHost: {store.host}\r\n"
        connection.sendall(f"{head}Content-Length: 100\r\n\r\nhalf".encode())
        connection.shutdown(socket.SHUT_WR)
        assert b"IncompleteBody" in connection.recv(65536)
    assert control.objects() == []


def test_an_unsigned_request_uses_up_no_fault(control, store):
    control.fault("error:InternalError", "s3", "put_object")
    assert store.put("k", b"x", secret="wrong").status_code == 403
    assert refusal(store.put("k", b"x")) == (500, "InternalError")


def test_a_reader_never_meets_a_gap(control, store):
    """While an object is replaced again and again, it is always there, and whole."""
    store.put("k", b"0" * 5000)

    def work(number: int) -> bytes:
        if number % 2:
            return store.get("k").content
        return b"" if store.put("k", str(number % 7).encode() * 5000).is_error else b"ok"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(200)))
    assert set(results[::2]) == {b"ok"}
    assert {(len(content), len(set(content))) for content in results[1::2]} == {(5000, 1)}


def test_objects_are_files_and_survive_a_restart(tmp_path):
    with Sandbox(tmp_path) as sandbox, SandboxClient(sandbox.control_url) as client:
        port, store = sandbox.first_port, Store(sandbox.env())
        store.put("k", b"hello", headers=HEADERS)
        store.put("k", b"hello again", headers=HEADERS)
        row = client.object("k")
    leftover = tmp_path / "s3/blobs/leftover"
    leftover.write_bytes(b"of a process that was killed")
    again = Sandbox(tmp_path, first_port=port)
    assert "hello" not in (tmp_path / "state.json").read_text()
    assert leftover.exists()

    with again, SandboxClient(again.control_url) as client:
        assert client.object("k") == row
        assert store.get("k").content == b"hello again"
        assert not leftover.exists()
        client.reset()
        assert client.objects() == []
        assert list((tmp_path / "s3").rglob("*.json")) == []
        assert store.put("k", b"x").status_code == 200
