"""How a journey speaks to a running stack: over HTTP only, as the clients do."""

import re
import sys
import time
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import httpx


class NotAsPromised(AssertionError):
    """A step of the journey went another way than the contract says."""


class Person:
    """Somebody with a token; get/post/put take the path after /api/v1."""

    def __init__(self, base_url: str, token: str = ""):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = httpx.Client(
            base_url=base_url + "/api/v1", headers=headers, timeout=20, trust_env=False
        )

    def get(self, path: str, status: int = 200, **params) -> Any:
        return self._data(self.http.get(path, params=params), status)

    def post(self, path: str, body=None, *, status: int = 200, key: str = "") -> Any:
        return self._data(self.send(path, body, key=key), status)

    def put(self, path: str, body) -> Any:
        return self._data(self.http.put(path, json=body), 200)

    def patch(self, path: str, body) -> Any:
        return self._data(self.http.patch(path, json=body), 200)

    def delete(self, path: str) -> Any:
        return self._data(self.http.delete(path), 200)

    def send(self, path: str, body=None, *, key: str = "") -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return self.http.post(path, json=body or {}, headers=headers)

    @staticmethod
    def _data(response: httpx.Response, status: int) -> Any:
        if response.status_code != status:
            raise NotAsPromised(
                f"{response.request.method} {response.request.url.path}: "
                f"{response.status_code} instead of {status}: {response.text[:500]}"
            )
        body = response.json()
        if set(body) - {"request_id"} != {"code", "message", "data"}:
            raise NotAsPromised(f"not the envelope: {response.text[:300]}")
        return body["data"] if status < 400 else body


class Staff:
    """Somebody in the back office, with a session cookie."""

    def __init__(self, base_url: str, username: str, password: str):
        self.http = httpx.Client(
            base_url=base_url, timeout=20, follow_redirects=True, trust_env=False
        )
        page = self.http.get("/admin/login/")
        answer = self.http.post(
            "/admin/login/",
            data={
                "username": username,
                "password": password,
                "csrfmiddlewaretoken": _token(page.text),
            },
            headers={"Referer": f"{base_url}/admin/login/"},
        )
        if answer.url.path != "/admin/":
            raise NotAsPromised(f"{username} cannot log in to the back office")

    def act(self, path: str, action: str, *ids: int) -> str:
        """Run a list's action on these rows; the page that follows."""
        body = {
            "action": action,
            "_selected_action": [str(pk) for pk in ids],
            "csrfmiddlewaretoken": _token(self.page(path)),
        }
        answer = self.http.post(path, data=body, headers={"Referer": str(self.http.base_url)})
        if answer.status_code != 200:
            raise NotAsPromised(f"{action} at {path}: {answer.status_code}")
        return answer.text

    def page(self, path: str) -> str:
        response = self.http.get(path)
        if response.status_code != 200:
            raise NotAsPromised(f"{path}: {response.status_code}")
        return response.text

    def save(self, path: str, **changes) -> None:
        """Send a form back as it is, with some fields changed."""
        page = self.page(path)
        fields = _fields(page) | {name: str(value) for name, value in changes.items()}
        answer = self.http.post(path, data=fields, headers={"Referer": str(self.http.base_url)})
        if answer.status_code != 200 or not answer.history:  # what is saved leads elsewhere
            raise NotAsPromised(f"saving {path}: {answer.status_code}")


def _token(page: str) -> str:
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)


class _Form(HTMLParser):
    """What a browser would send of a page's fields, as they stand."""

    def __init__(self):
        super().__init__()
        self.fields: dict[str, str] = {}
        self._select = self._area = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name, value = given.get("name"), given.get("value") or ""
        if tag == "input" and name and self._is_sent(given):
            self.fields[name] = value
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in self.fields:
                self.fields[self._select] = value
        elif tag == "textarea" and name:
            self._area, self.fields[name] = name, ""

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data):
        if self._area:
            self.fields[self._area] += data

    def _is_sent(self, given: dict) -> bool:
        return given.get("type") not in {"checkbox", "radio"} or "checked" in given


def _fields(page: str) -> dict[str, str]:
    form = _Form()
    form.feed(page)
    return form.fields


class Story:
    """Prints each step with its time; the first one that fails ends the journey."""

    def __init__(self):
        self.started = time.monotonic()
        self.steps = 0

    def step(self, name: str, **ids) -> None:
        self.steps += 1
        seconds = time.monotonic() - self.started
        what = "  ".join(f"{key}={value}" for key, value in ids.items())
        sys.stdout.write(f"{self.steps:3}. {seconds:6.2f} s  {name}  {what}\n")
        sys.stdout.flush()


def expect(condition: Any, what: str) -> None:
    if not condition:
        raise NotAsPromised(what)


def until(what: str, look: Callable[[], Any], *, seconds: float = 60) -> Any:
    """The first truthy answer of `look`, asked several times a second; NotAsPromised after that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = look()
        if answer:
            return answer
        time.sleep(0.2)
    raise NotAsPromised(f"after {seconds} s: still not {what}")
