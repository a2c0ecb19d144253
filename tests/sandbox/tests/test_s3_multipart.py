"""Uploads in parts."""

import hashlib

import httpx
import pytest

from tests.sandbox.s3.uploads import SMALLEST_PART

from .s3_signer import elements, refusal

BIG = b"b" * SMALLEST_PART
KEY = "video/1.mp4"


@pytest.fixture
def upload(control, store):
    """The id of an upload that has been started."""
    headers = {"Content-Type": "video/mp4", "x-amz-meta-a": "1"}
    answer = store.call("POST", KEY, params={"uploads": ""}, headers=headers)
    assert (elements(answer, "Bucket"), elements(answer, "Key")) == ([store.bucket], [KEY])
    return elements(answer, "UploadId")[0]


def put_part(store, upload: str, number: int, content: bytes) -> str:
    params = {"partNumber": str(number), "uploadId": upload}
    answer = store.call("PUT", KEY, content, params=params)
    assert answer.status_code == 200
    return answer.headers["etag"]


def complete(store, upload: str, parts: list[tuple[int, str]], key: str = KEY) -> httpx.Response:
    inner = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        for number, etag in parts
    )
    body = (
        '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"{inner}</CompleteMultipartUpload>"
    )
    return store.call("POST", key, body.encode(), params={"uploadId": upload})


def test_parts_become_one_object(control, store, upload):
    tail = put_part(store, upload, 7, b"tail")
    put_part(store, upload, 2, b"not this one")
    head = put_part(store, upload, 2, BIG)
    assert control.objects() == []
    answer = complete(store, upload, [(2, head), (7, tail)])

    digests = hashlib.md5(BIG).digest() + hashlib.md5(b"tail").digest()
    etag = f'"{hashlib.md5(digests).hexdigest()}-2"'
    assert (answer.status_code, elements(answer, "ETag")) == (200, [etag])
    assert store.call("HEAD", KEY).headers["etag"] == etag
    row = control.object(KEY)
    assert row["sha256"] == hashlib.sha256(BIG + b"tail").hexdigest()
    assert row["headers"] == {"Content-Type": "video/mp4", "x-amz-meta-a": "1"}
    assert control.uploads() == []
    assert refusal(complete(store, upload, [(2, head)])) == (404, "NoSuchUpload")


def test_a_client_uploads_parts_with_links(control, store, upload):
    params = {"partNumber": "1", "uploadId": upload}
    link = store.link("PUT", KEY, params=params)
    etag = httpx.put(link, content=b"only", trust_env=False).headers["etag"]

    assert complete(store, upload, [(1, etag)]).status_code == 200
    assert control.object_bytes(KEY) == b"only"


def test_what_cannot_be_completed(control, store, upload):
    small, last = put_part(store, upload, 1, b"small"), put_part(store, upload, 2, b"last")

    assert refusal(complete(store, upload, [(1, last)])) == (400, "InvalidPart")
    assert refusal(complete(store, upload, [(3, last)])) == (400, "InvalidPart")
    assert refusal(complete(store, upload, [(2, last), (1, small)])) == (400, "InvalidPartOrder")
    assert refusal(complete(store, upload, [(1, small), (2, last)])) == (400, "EntityTooSmall")
    assert refusal(complete(store, upload, [])) == (400, "MalformedXML")
    assert refusal(complete(store, upload, [(1, small)], "other")) == (404, "NoSuchUpload")
    assert refusal(complete(store, "../../etc", [(1, small)])) == (404, "NoSuchUpload")
    assert control.objects() == []
    [row] = control.uploads()
    assert (row["id"], row["key"], row["parts"]) == (upload, KEY, [1, 2])


def test_what_has_arrived_is_listed(control, store, upload):
    etags = [put_part(store, upload, number, bytes([number])) for number in (1, 2, 3)]
    params = {"uploadId": upload, "max-parts": "2"}
    first = store.call("GET", KEY, params=params)
    rest = store.call("GET", KEY, params=params | {"part-number-marker": "2"})

    assert elements(first, "PartNumber") == ["1", "2"]
    assert elements(first, "ETag") == etags[:2]
    assert elements(first, "IsTruncated") == ["true"]
    assert (elements(rest, "PartNumber"), elements(rest, "IsTruncated")) == (["3"], ["false"])
    uploads = store.call("GET", None, params={"uploads": "", "prefix": "video/"})
    assert elements(uploads, "UploadId") == [upload]


def test_an_upload_is_given_up(control, store, upload):
    etag = put_part(store, upload, 1, b"x")
    params = {"uploadId": upload}

    assert store.call("DELETE", KEY, params=params).status_code == 204
    assert refusal(store.call("DELETE", KEY, params=params)) == (404, "NoSuchUpload")
    assert refusal(complete(store, upload, [(1, etag)])) == (404, "NoSuchUpload")
    assert (control.uploads(), control.objects()) == ([], [])


@pytest.mark.parametrize("number", ["0", "10001", "x"])
def test_numbers_of_parts(control, store, upload, number):
    answer = store.call("PUT", KEY, b"x", params={"partNumber": number, "uploadId": upload})
    assert refusal(answer) == (400, "InvalidArgument")


def test_a_lost_answer_leaves_the_object(control, store, upload):
    etag = put_part(store, upload, 1, b"x")
    control.fault("drop", "s3", "complete_multipart_upload")
    with pytest.raises(httpx.TransportError):
        complete(store, upload, [(1, etag)])
    assert control.object_bytes(KEY) == b"x"


def test_a_reset_forgets_uploads(control, store, upload):
    control.reset()
    assert control.uploads() == []
