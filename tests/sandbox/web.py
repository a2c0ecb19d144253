"""A small HTTP layer over the standard library: requests, answers, routes and servers."""

import json
import re
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, unquote, urlsplit

JSON_TYPE = "application/json; charset=utf-8"
CHUNK = 256 * 1024
BODILESS = (204, 304)


class Intake:
    """The body of a request, still on the wire. `broken`: the sender hung up in its middle."""

    def __init__(self, file: BinaryIO, length: int):
        self._file, self.left = file, length
        self.broken = False

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none once the body has ended."""
        wanted = min(size, self.left)
        data = self._file.read(wanted) if wanted else b""
        self.left -= len(data)
        if len(data) < wanted:
            self.left, self.broken = 0, True
        return data

    def skip(self) -> None:
        while self.left:
            self.read(CHUNK)


@dataclass
class Request:
    """`target` is the request target exactly as sent, because signatures cover it.

    Large bodies are read from `intake` piece by piece; whoever asks for `body` gets all of it.
    """

    method: str
    target: str
    headers: Any
    intake: Intake

    def __post_init__(self):
        parts = urlsplit(self.target)
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    @cached_property
    def body(self) -> bytes:
        return self.intake.read(self.intake.left)

    def json(self) -> Any:
        """The body as JSON; raises ValueError when it is none."""
        return json.loads(self.body.decode("utf-8"))


@dataclass
class FilePart:
    """The next `length` bytes of an open file, which whoever sends them closes."""

    file: BinaryIO
    length: int


@dataclass
class Response:
    """`cut` makes the connection die: "drop" before the answer, "truncate" in its middle.

    `part` is sent in place of `body`, for what should not be held in memory.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    part: FilePart | None = None

    @property
    def length(self) -> int:
        return self.part.length if self.part else len(self.body)

    def write(self, out: BinaryIO, length: int) -> None:
        """The first `length` bytes."""
        if self.part is None:
            out.write(self.body[:length])
        while self.part and length and (piece := self.part.file.read(min(CHUNK, length))):
            out.write(piece)
            length -= len(piece)

    def close(self) -> None:
        if self.part:
            self.part.file.close()


def to_json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, default=vars).encode("utf-8")


def json_response(data: Any, status: int = 200, content_type: str = JSON_TYPE) -> Response:
    return Response(status, to_json(data), {"Content-Type": content_type})


def flatten(data: Any, prefix: str = "") -> dict[str, Any]:
    """Nested objects as dotted names: {"amount": {"total": 1}} gives {"amount.total": 1}."""
    if not isinstance(data, dict):
        return {}
    flat: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


@dataclass
class Route:
    method: str
    pattern: re.Pattern
    handler: Callable
    op: str


class Router:
    """Finds the handler for a method and path; `{name}` in a path matches one segment."""

    def __init__(self):
        self.routes: list[Route] = []

    def add(self, method: str, path: str, handler: Callable, op: str = "") -> None:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + r"\Z")
        self.routes.append(Route(method, pattern, handler, op))

    def find(self, request: Request) -> tuple[Route | None, dict[str, str]]:
        for route in self.routes:
            match = route.pattern.match(request.path)
            if match and route.method == request.method:
                return route, {k: unquote(v) for k, v in match.groupdict().items()}
        return None, {}

    def knows_path(self, path: str) -> bool:
        return any(route.pattern.match(path) for route in self.routes)


class Server(ThreadingHTTPServer):
    """One port. Closing it also closes kept-alive connections, as a dead process would."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], app: Callable[[Request], Response]):
        self.app = app
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        super().__init__(address, Handler)

    def start(self) -> None:
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.05,), name=f"sandbox-{self.server_port}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        if self._thread:
            self.shutdown()
            self._thread.join()
        self.server_close()
        with self._guard:
            left = list(self._open)
        for connection in left:
            # The handler thread may be closing it at this very moment.
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def process_request(self, request, client_address):
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """A client that hangs up is part of the game; everything else is our bug: print it."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Turns a connection into calls of the server's app."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120

    def handle_any(self) -> None:
        intake = Intake(self.rfile, int(self.headers.get("Content-Length") or 0))
        response = self.server.app(Request(self.command, self.path, self.headers, intake))
        try:
            # What nobody wanted to read stands before the next request.
            intake.skip()
            if response.cut == "drop":
                self.close_connection = True
            else:
                self._send(response)
        finally:
            response.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = handle_any

    def handle_expect_100(self) -> bool:
        """Tell the client at once that it may send its body: answers are buffered otherwise."""
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        length = response.length
        if response.status not in BODILESS:
            self.send_header("Content-Length", str(length))
        if response.cut == "truncate":
            length //= 2
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and response.status not in BODILESS:
            response.write(self.wfile, length)
        self.wfile.flush()

    def version_string(self) -> str:
        return "nginx"

    def log_message(self, *args) -> None:
        """Stay silent: a test run makes thousands of requests."""
