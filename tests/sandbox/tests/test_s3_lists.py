"""Lists of objects: pages, folders, and names that need escaping."""

import re

import pytest

from .s3_signer import elements, refusal

KEYS = ["a", "dir/1", "dir/2", "dir/sub/3", "z & <é>"]


@pytest.fixture
def filled(control, store):
    for key in reversed(KEYS):
        store.put(key, key.encode())
    return store


def listed(store, **params: str):
    named = {name.replace("_", "-"): value for name, value in params.items()}
    return store.call("GET", None, params={"list-type": "2", **named})


def folders(answer) -> list[str]:
    return re.findall("<CommonPrefixes><Prefix>(.*?)</Prefix>", answer.text)


def test_everything_in_the_order_of_keys(filled):
    answer = listed(filled)

    assert elements(answer, "Key") == [*KEYS[:4], "z &amp; &lt;é&gt;"]
    assert elements(answer, "Size") == [str(len(key.encode())) for key in KEYS]
    assert (elements(answer, "Name"), elements(answer, "KeyCount")) == ([filled.bucket], ["5"])
    assert elements(answer, "IsTruncated") == ["false"]
    assert elements(listed(filled, encoding_type="url"), "Key")[-1] == "z%20%26%20%3C%C3%A9%3E"


def test_prefix_and_folders(filled):
    top = listed(filled, delimiter="/")
    inside = listed(filled, delimiter="/", prefix="dir/")

    assert elements(top, "Key") == ["a", "z &amp; &lt;é&gt;"]
    assert folders(top) == ["dir/"]
    assert (elements(inside, "Key"), folders(inside)) == (["dir/1", "dir/2"], ["dir/sub/"])
    assert elements(listed(filled, prefix="nothing"), "Key") == []


@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages(filled, delimiter):
    params, seen = {"max_keys": "1", "delimiter": delimiter}, []
    while True:
        answer = listed(filled, **params)
        seen += elements(answer, "Key") + folders(answer)
        assert elements(answer, "KeyCount") == ["1"]
        token = elements(answer, "NextContinuationToken")
        assert elements(answer, "IsTruncated") == ["true" if token else "false"]
        if not token:
            break
        params["continuation_token"] = token[0]

    assert seen == (["a", "dir/", "z &amp; &lt;é&gt;"] if delimiter else [*KEYS[:4], seen[-1]])


def test_after_a_key(filled):
    assert elements(listed(filled, start_after="dir/1"), "Key")[0] == "dir/2"
    older = filled.call("GET", None, params={"marker": "dir/1", "max-keys": "1"})
    assert (elements(older, "Key"), elements(older, "IsTruncated")) == (["dir/2"], ["true"])
    page = filled.call("GET", None, params={"delimiter": "/", "max-keys": "2"})
    assert elements(page, "NextMarker") == ["dir/"]


@pytest.mark.parametrize("params", [{"max_keys": "many"}, {"continuation_token": "?"}])
def test_wrong_parameters(filled, params):
    assert refusal(listed(filled, **params)) == (400, "InvalidArgument")


def test_no_keys_at_all(filled):
    answer = listed(filled, max_keys="0")
    assert (elements(answer, "Key"), elements(answer, "IsTruncated")) == ([], ["false"])


def test_the_bucket_itself(control, store):
    assert store.call("HEAD", None).status_code == 200
    assert "LocationConstraint" in store.call("GET", None, params={"location": ""}).text
    buckets = store.call("GET", None, sent_path="/")
    assert elements(buckets, "Name") == [store.bucket]
    assert store.call("HEAD", None, sent_path="/other").status_code == 404
