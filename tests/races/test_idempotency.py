"""One key many times at once: one execution, one answer (invariants M-16)."""

from collections import Counter
from contextlib import suppress

import pytest
from django.core.cache import cache
from django.db import IntegrityError
from django.test import override_settings
from django.urls import path
from rest_framework.response import Response

from accounts import idempotency
from accounts.idempotency import idempotent, idempotent_with_network
from accounts.models import IdempotencyRecord, Menu
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from tests.factories.accounts import UserFactory
from tests.helpers import Api, meeting, together
from tests.races.figures import THREADS, figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROUNDS = pytest.mark.parametrize("turn", range(4))
BOTH = pytest.mark.parametrize("url", ["/make", "/call"])
KEY = "0123456789abcdef"
all_have_looked = meeting(8)


class RowViewSet(ApiViewSet):
    permissions = {"make": LOGIN, "call": LOGIN, "careless": LOGIN}

    def _row(self, request):
        row = Menu.objects.create(title=request.data["title"], link="race")
        return Response({"id": row.pk}, status=201)

    @idempotent
    def make(self, request):
        return self._row(request)

    @idempotent_with_network
    def call(self, request):
        return self._row(request)

    def careless(self, request):
        """Looks first, writes afterwards: what the unique key is there against."""
        wanted = idempotency._identity(request, KEY)
        known = idempotency._record(wanted)
        all_have_looked()
        if known:
            return idempotency._answer(known)
        response = self._row(request)
        with suppress(IntegrityError):
            idempotency._finish(idempotency._start(wanted), response)
        return response


urlpatterns = [
    path(f"api/v1/{name}", RowViewSet.as_view({"post": name}))
    for name in ("make", "call", "careless")
]


@pytest.fixture(autouse=True)
def _routes():
    with override_settings(ROOT_URLCONF=__name__):
        yield


def rows() -> int:
    return Menu.objects.filter(link="race").count()


@BOTH
@ROUNDS
def test_the_same_key_twenty_times_at_once_is_one_execution(turn, url):
    user = UserFactory()
    clients = [Api(user) for _ in range(20)]

    answers = together(20, lambda i: clients[i].post(url, {"title": "a"}, key=KEY))

    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.content for answer in answers if answer.status_code == 201}
    assert len(made) == rows() == 1
    assert IdempotencyRecord.objects.get().status == 201


@BOTH
def test_M16_the_same_key_two_hundred_times_is_one_execution(url):
    user, n = UserFactory(), size(200)
    clients = [Api(user) for _ in range(THREADS)]

    answers = storm(n, lambda i: clients[i % THREADS].post(url, {"title": "a"}, key=KEY))

    codes = Counter(answer.status_code for answer in answers)
    assert set(codes) <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert rows() == IdempotencyRecord.objects.count() == 1
    cache.clear()  # Redis forgets everything; the table does not
    again = clients[0].post(url, {"title": "a"}, key=KEY)
    assert (again.status_code, rows()) == (201, 1)
    assert again.content in {answer.content for answer in answers}
    assert clients[0].post(url, {"title": "b"}, key=KEY).status_code == 422
    figure("M-16", f"{url}: one key {n} times: {dict(codes)}, 1 execution, one body")


@BOTH
@ROUNDS
def test_other_people_are_not_held_up(turn, url):
    clients = [Api(UserFactory()) for _ in range(8)]

    answers = together(8, lambda i: clients[i].post(url, {"title": "a"}, key=KEY))

    assert {answer.status_code for answer in answers} == {201}
    assert rows() == 8


@BOTH
@ROUNDS
def test_one_key_for_two_bodies_does_one_of_them(turn, url):
    user = UserFactory()
    clients = [Api(user) for _ in range(8)]

    answers = together(8, lambda i: clients[i].post(url, {"title": str(i % 2)}, key=KEY))

    assert {answer.status_code for answer in answers} <= {201, 422, 409}
    assert rows() == 1


def test_looking_first_lets_many_through():
    """The negative control."""
    user = UserFactory()
    clients = [Api(user) for _ in range(8)]

    together(8, lambda i: clients[i].post("/careless", {"title": "a"}))

    assert rows() == 8
