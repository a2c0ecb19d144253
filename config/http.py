"""Asking servers of others: where we were told to, for so long, and for so much of an answer."""

import time
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import httpx

# What never reached the other side.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


class NoAnswer(Exception):
    """No whole answer came.  Its text is the kind of trouble, never the address, which may hold a
    secret.

    sent: the request may have arrived, so what it asked for may have been done.
    """

    def __init__(self, why: str, *, sent: bool = True):
        super().__init__(why)
        self.sent = sent


class Answer(NamedTuple):
    """Its status, whatever it is, and its body without the content encoding."""

    status: int
    body: bytes


def http_client(*, connect: float, read: float, base_url: str = "") -> httpx.Client:
    """A client that goes where it is told: no redirects, no proxy from the environment.

    connect, read: seconds to wait for the connection, and for each sign of life after it.
    """
    timeout = httpx.Timeout(read, connect=connect)
    return httpx.Client(base_url=base_url, timeout=timeout, trust_env=False, follow_redirects=False)


def ask(
    client: httpx.Client, method: str, url: str, *, most: int, seconds: float, **request
) -> Answer:
    """The answer to one request (httpx's arguments); NoAnswer when there is none.

    most: bytes of body.  seconds: for all of it, however steadily it drips.
    """
    try:
        with client.stream(method, url, **request) as response:
            return Answer(response.status_code, _body(response, most, seconds))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoAnswer(type(error).__name__, sent=not isinstance(error, _NOT_SENT)) from None


def fetch(
    client: httpx.Client, url: str, *, to: BinaryIO, most: int, seconds: float, **request
) -> int:
    """Write what lies there into a file, piece by piece; the status.  NoAnswer as in ask()."""
    try:
        with client.stream("GET", url, **request) as response:
            for chunk in _chunks(response, most, seconds):
                to.write(chunk)
            return response.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoAnswer(type(error).__name__, sent=not isinstance(error, _NOT_SENT)) from None


def _body(response: httpx.Response, most: int, seconds: float) -> bytes:
    return b"".join(_chunks(response, most, seconds))


def _chunks(response: httpx.Response, most: int, seconds: float) -> Iterator[bytes]:
    deadline, size = time.monotonic() + seconds, 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > most:
            raise NoAnswer("answer too large")
        if time.monotonic() >= deadline:
            raise NoAnswer("answer too slow")
        yield chunk
