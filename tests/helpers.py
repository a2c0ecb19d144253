"""Small tools for tests."""

import csv
import threading
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import scope, tokens
from accounts.models import LoginSession
from accounts.services import consents, parameters, receipts, templates
from accounts.services.export_running import run_due
from accounts.services.sessions import Device, open_session
from config import logs
from config.admin.step_up import KEPT


def together(n: int, job: Callable) -> list:
    """Run job(0..n-1) in threads released at one moment; what each returned or raised."""
    barrier, results = threading.Barrier(n, timeout=60), [None] * n

    def run(i):
        try:
            barrier.wait()
            results[i] = job(i)
        except Exception as error:
            results[i] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[i]) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def meeting(n: int) -> Callable[[], None]:
    """A place between a look and a write where n threads wait until all of them have looked.

    So a negative control breaks its promise every time, not by luck.  Who waits in vain, because
    another one was refused before, goes on after three seconds.
    """
    barrier = threading.Barrier(n, timeout=3)

    def meet() -> None:
        with suppress(threading.BrokenBarrierError):
            barrier.wait()

    return meet


def forget_everything() -> None:
    """Drop what processes keep for a moment: sessions, permissions, parameters, templates."""
    cache.clear()
    ContentType.objects.clear_cache()  # a flushed database has other ids
    tokens._live.clear()
    scope._granted.cache_clear()
    scope.organisation_tree.clear()
    parameters.forget_parameters()
    templates.find_template.clear()
    templates.all_templates.clear()
    consents.current_agreement.clear()
    receipts.failing_providers.clear()
    logs.apply(lambda name: settings.CONSTANCE_CONFIG[name][0])


def step_up(sid: str) -> None:
    """As if this login had just shown that it is its owner."""
    LoginSession.objects.filter(sid=sid).update(stepped_up_at=timezone.now())


def confirm(browser: Client, user, at=None) -> None:
    """As if the password had been given in this browser at that moment (now)."""
    session = browser.session
    at = (at or timezone.now()).timestamp()
    session[KEPT] = {"at": at, "hash": user.get_session_auth_hash()}
    session.save()


class Api:
    """A JSON client of /api/v1, logged in as `user` when there is one.

    Methods take the path after /api/v1 and give Django's response.  The login counts as one
    that has just shown who it is, unless stepped_up is False.
    """

    def __init__(self, user=None, *, stepped_up=True):
        self.user = user
        self.client = Client(raise_request_exception=True)
        self.headers = {}
        if user is not None:
            pair = open_session(user, method="test", device=Device(ip_address="127.0.0.1"))
            self.refresh, self.access = pair.refresh, pair.access
            self.headers["Authorization"] = f"Bearer {pair.access}"
            self.sid = tokens.decode(pair.access, tokens.ACCESS)["sid"]
            if stepped_up:
                step_up(self.sid)

    def __getattr__(self, method):
        if method not in {"get", "post", "put", "patch", "delete"}:
            raise AttributeError(method)

        def call(path, body=None, *, key=None, **headers):
            extra = self.headers | {k.replace("_", "-"): v for k, v in headers.items()}
            if key:
                extra["Idempotency-Key"] = key
            if method == "get":
                return self.client.get(f"/api/v1{path}", body, headers=extra)
            return getattr(self.client, method)(
                f"/api/v1{path}",
                {} if body is None else body,
                content_type="application/json",
                headers=extra,
            )

        return call


def data(response, status: int = 200):
    """The data of an answer that must have that status; shows the body when it has not."""
    assert response.status_code == status, (response.status_code, response.content.decode())
    return response.json()["data"]


def refusal(response) -> tuple[int, int]:
    """(status, code) of a refusal."""
    return response.status_code, response.json()["code"]


def exported(api: Api, path: str, wish: dict) -> tuple[dict, list[list[str]]]:
    """What was asked for at `path` in the background: the finished job and the rows of its file."""
    job = data(api.post(path, wish), 202)
    run_due()
    job = data(api.get(f"/exports/{job['id']}"))
    url = job["download_url"]
    content = b"".join(api.get(url[url.index("/api/v1") + 7 :]).streaming_content)
    return job, list(csv.reader(content.decode("utf-8-sig").splitlines()))
