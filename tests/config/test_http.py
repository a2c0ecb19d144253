"""Asking servers that answer too much, too slowly, wrongly or not at all."""

import socket
import threading
from contextlib import suppress

import pytest

from config.http import Answer, NoAnswer, ask, http_client

LIMITS = {"most": 1000, "seconds": 30}


@pytest.fixture
def client():
    with http_client(connect=2, read=5) as client:
        yield client


@pytest.fixture
def server():
    """server(*chunks): a server that answers one request with these bytes; its address.

    A None among them stands for silence, until the test is over.
    """
    over, listeners = threading.Event(), []

    def start(*chunks):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answer():
            peer, _ = listener.accept()
            with peer, suppress(OSError):  # the client may leave first
                peer.recv(65536)
                for chunk in chunks:
                    over.wait() if chunk is None else peer.sendall(chunk)

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/?secret=hush"

    yield start
    over.set()
    for listener in listeners:
        listener.close()


def http(body: bytes, *, status="200 OK", headers="") -> bytes:
    if "Content-Length" not in headers:
        headers += f"Content-Length: {len(body)}\r\n"
    return f"HTTP/1.1 {status}\r\n{headers}\r\n".encode() + body


def no_answer(client, url, **limits) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        ask(client, "GET", url, **LIMITS | limits)
    assert "hush" not in repr(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


@pytest.mark.parametrize("status", ["200 OK", "301 Moved", "404 Not Found", "502 Bad Gateway"])
def test_an_answer_is_one_whatever_its_status(client, server, status):
    url = server(http(b"yes", status=status, headers="Location: http://127.0.0.1:1/\r\n"))
    assert ask(client, "GET", url, **LIMITS) == Answer(int(status[:3]), b"yes")


def test_as_much_as_is_allowed_and_not_a_byte_more(client, server):
    assert len(ask(client, "GET", server(http(b"x" * 1000)), **LIMITS).body) == 1000

    error = no_answer(client, server(http(b"x" * 1001)))

    assert (str(error), error.sent) == ("answer too large", True)


def test_a_body_without_end_is_given_up(client, server):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"3e8\r\n" + b"x" * 1000 + b"\r\n"

    error = no_answer(client, server(head, piece, piece, None))

    assert str(error) == "answer too large"


def test_a_body_that_drips_has_a_deadline(client, server):
    url = server(http(b"a", headers="Content-Length: 9\r\n"), None)

    error = no_answer(client, url, seconds=0)

    assert (str(error), error.sent) == ("answer too slow", True)


def test_silence_has_an_end(server):
    with http_client(connect=2, read=0.05) as client:
        error = no_answer(client, server(None))
    assert (str(error), error.sent) == ("ReadTimeout", True)


@pytest.mark.parametrize(("answer", "why"), [
    (b"", "RemoteProtocolError"),
    (b"SSH-2.0-OpenSSH_9.9\r\n", "RemoteProtocolError"),
    (http(b"short", headers="Content-Length: 99\r\n"), "RemoteProtocolError"),
    (http(b"not gzip", headers="Content-Encoding: gzip\r\n"), "DecodingError"),
])  # fmt: skip
def test_what_is_no_answer_may_have_been_heard(client, server, answer, why):
    error = no_answer(client, server(answer))
    assert (str(error), error.sent) == (why, True)


@pytest.mark.parametrize(("url", "why"), [
    ("http://127.0.0.1:1/?secret=hush", "ConnectError"),
    ("gopher://127.0.0.1/?secret=hush", "UnsupportedProtocol"),
    ("http://127.0.0.1:none/?secret=hush", "InvalidURL"),
])  # fmt: skip
def test_what_never_left_was_not_sent(client, url, why):
    error = no_answer(client, url)
    assert (str(error), error.sent) == (why, False)


def test_the_environment_names_no_proxy(client, server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with http_client(connect=2, read=5) as client:
        assert ask(client, "GET", server(http(b"yes")), **LIMITS).body == b"yes"
