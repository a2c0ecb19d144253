"""Idempotency-Key: the same key and body gives the first answer again (invariants M-16)."""

import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.response import Response

from accounts.errors import KeyMalformed, KeyReused, StillRunning
from accounts.models import IdempotencyRecord
from config.api.renderers import Enveloped, dumps
from config.db import transact
from config.sealing import Unreadable, blind_index, blind_indexes

WAIT_SECONDS = 8
ABANDONED_AFTER = timedelta(seconds=60)
REFUSALS = (KeyMalformed, KeyReused, StillRunning)  # the schema documents them with the header
_ANSWER = IdempotencyRecord._meta.get_field("answer")
_KEY = re.compile(r"[!-~]{8,128}", re.ASCII)


def idempotent(action: Callable) -> Callable:
    """For actions that do nothing but write the database.

    The record and the action share one transaction: a crash or a refusal leaves neither, and
    a second request waits on the unique index until the first is through.
    """

    @wraps(action)
    def wrapper(self, request, *args, **kwargs):
        key = _key(request)
        if key is None:
            return action(self, request, *args, **kwargs)
        wanted = _identity(request, key)

        @transact
        def once():
            try:
                with transaction.atomic():
                    record = _start(wanted)
            except IntegrityError:
                return _stored(wanted)
            return _finish(record, action(self, request, *args, **kwargs))

        return once()

    wrapper.takes_idempotency_key = REFUSALS
    return wrapper


def idempotent_with_network(action: Callable) -> Callable:
    """For actions that talk to somebody outside, so that no transaction may stay open.

    The action itself must bear repetition: a record whose first request died is taken over
    after a minute.  A second request meanwhile waits, then gets StillRunning (409).
    """

    @wraps(action)
    def wrapper(self, request, *args, **kwargs):
        key = _key(request)
        if key is None:
            return action(self, request, *args, **kwargs)
        record = _claim(_identity(request, key))
        if isinstance(record, Response):
            return record
        try:
            response = action(self, request, *args, **kwargs)
        except BaseException:
            _running(record).delete()
            raise
        return _finish(record, response)

    wrapper.takes_idempotency_key = REFUSALS
    return wrapper


def _key(request) -> str | None:
    """The request's key; anonymous callers have none to be told apart by.

    An empty one is malformed: of one that is not ASCII the web server leaves just that.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None or not request.user.is_authenticated:
        return None
    if not _KEY.fullmatch(key):
        raise KeyMalformed
    return key


def _identity(request, key: str) -> dict:
    body = json.dumps(request.data, sort_keys=True)
    return {
        "user_id": request.user.pk,
        "route": request.path_info[-100:],
        "key": key,
        "what": f"{request.method} {request.path_info}\n{body}",
    }


def _start(wanted: dict) -> IdempotencyRecord:
    named = {name: wanted[name] for name in ("user_id", "route", "key")}
    return IdempotencyRecord.objects.create(
        fingerprint=blind_index("request", wanted["what"]), started_at=timezone.now(), **named
    )


def _stored(wanted: dict) -> Response:
    """The answer given first; StillRunning when there is none yet."""
    record = _record(wanted)
    if record is None or record.status == 0:
        raise StillRunning(retry_after=1)
    return _answer(record)


def _record(wanted: dict) -> IdempotencyRecord | None:
    lookup = {name: wanted[name] for name in ("user_id", "route", "key")}
    record = IdempotencyRecord.objects.filter(**lookup).first()
    if record and record.fingerprint not in blind_indexes("request", wanted["what"]):
        raise KeyReused
    return record


def _answer(record: IdempotencyRecord) -> Response:
    """KeyReused when its key is lost: it was done, so it must not be done again."""
    if not record.answer or isinstance(record.answer, Unreadable):
        raise KeyReused
    return Response(Enveloped(record.answer.encode()), status=record.status)


def _claim(wanted: dict) -> Response | IdempotencyRecord:
    """The first request's answer, or a record that is ours: nobody runs, or whoever ran has died
    or was refused.  Waits for a request that runs; StillRunning after WAIT_SECONDS."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return transact(_start)(wanted)
        except IntegrityError:
            record = _record(wanted)
        if record and record.status:
            return _answer(record)
        if record and record.started_at < timezone.now() - ABANDONED_AFTER:
            now = timezone.now()
            if _running(record).update(started_at=now):
                record.started_at = now
                return record
        if time.monotonic() > deadline:
            raise StillRunning(retry_after=1)
        time.sleep(0.1)


def _running(record: IdempotencyRecord) -> QuerySet[IdempotencyRecord]:
    """The record while it is the one we started or took over, and has no answer."""
    return IdempotencyRecord.objects.filter(pk=record.pk, status=0, started_at=record.started_at)


def _finish(record: IdempotencyRecord, response: Response) -> Response:
    body = dumps({"code": 0, "message": "success", "data": response.data})
    sealed = _ANSWER.sealed(body.decode(), record.pk)
    _running(record).update(status=response.status_code, answer=sealed)
    return Response(Enveloped(body), status=response.status_code)
