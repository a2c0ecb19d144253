"""Idempotency-Key, by two actions that do nothing else (invariants M-16)."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.urls import path
from django.utils import timezone
from rest_framework.response import Response

from accounts import idempotency
from accounts.errors import UsernameTaken
from accounts.idempotency import ABANDONED_AFTER, idempotent, idempotent_with_network
from accounts.models import IdempotencyRecord, Menu
from accounts.tasks import purge_expired
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

KEY = "0123456789abcdef"


class Crash(Exception):
    pass


class ThingViewSet(ApiViewSet):
    """Makes a row per call; the body may ask for trouble."""

    permissions = {"make": LOGIN, "call": LOGIN, "anybody": PUBLIC}

    def _make(self, request):
        row = Menu.objects.create(title=request.data["title"], link="test")
        if request.data.get("trouble") == "refusal":
            raise UsernameTaken
        if request.data.get("trouble") == "crash":
            raise Crash
        return Response({"id": row.pk, "at": timezone.now()}, status=201)

    @idempotent
    def make(self, request):
        return self._make(request)

    @idempotent_with_network
    def call(self, request):
        return self._make(request)

    @idempotent
    def anybody(self, request):
        return self._make(request)


urlpatterns = [
    path(f"api/v1/{name}", ThingViewSet.as_view({"post": name}))
    for name in ("make", "call", "anybody")
]
BOTH = pytest.mark.parametrize("url", ["/make", "/call"])


@pytest.fixture(autouse=True)
def _routes(db):
    with override_settings(ROOT_URLCONF=__name__):
        yield


def made() -> int:
    return Menu.objects.filter(link="test").count()


@BOTH
def test_the_same_key_and_body_give_the_first_answer_again(api, url):
    first = api.post(url, {"title": "a", "x": 1}, key=KEY)
    again = api.post(url, {"x": 1, "title": "a"}, key=KEY)  # the order of fields is no difference

    assert data(first, 201)["id"] > 0
    assert (again.status_code, again.content) == (201, first.content)
    assert made() == 1


@BOTH
def test_another_body_is_422(api, url):
    data(api.post(url, {"title": "a"}, key=KEY), 201)

    for body in ({"title": "b"}, {"title": "a", "more": 1}):
        assert refusal(api.post(url, body, key=KEY)) == (422, 11008)
    assert made() == 1


@BOTH
def test_another_person_is_independent(api, url):
    stranger = Api(UserFactory())
    ids = {data(client.post(url, {"title": "a"}, key=KEY), 201)["id"] for client in (api, stranger)}

    assert len(ids) == made() == 2


def test_another_route_is_independent(api):
    assert (
        len({data(api.post(u, {"title": "a"}, key=KEY), 201)["id"] for u in ("/make", "/call")})
        == 2
    )


@BOTH
def test_without_a_key_each_call_counts(api, url):
    for _ in range(2):
        data(api.post(url, {"title": "a"}), 201)
    assert made() == 2
    assert IdempotencyRecord.objects.exists() is False


@BOTH
def test_a_refusal_is_not_kept(api, url):
    body = {"title": "a", "trouble": "refusal"}
    assert refusal(api.post(url, body, key=KEY)) == (409, 11013)

    assert IdempotencyRecord.objects.exists() is False
    assert data(api.post(url, {"title": "b"}, key=KEY), 201)["id"] > 0


def test_a_refusal_undoes_what_shared_its_transaction(api):
    api.post("/make", {"title": "a", "trouble": "refusal"}, key=KEY)
    assert made() == 0


@BOTH
def test_a_crash_leaves_no_record(api, url):
    with pytest.raises(Crash):
        api.post(url, {"title": "a", "trouble": "crash"}, key=KEY)

    assert IdempotencyRecord.objects.exists() is False
    data(api.post(url, {"title": "b"}, key=KEY), 201)


@BOTH
@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        "x" * 129,
        "has blank 123",
        "中文中文中文中文",
        "tab\there1",
        "nul\0there",
        "del\x7fthere",
    ],
)
def test_a_malformed_key_is_400(api, url, key):
    header = key.encode().decode("latin-1")
    answer = api.post(url, {"title": "a"}, Idempotency_Key=header)
    assert refusal(answer) == (400, 11010)
    assert answer.json()["message"] == "幂等键须为 8 到 128 位的可见 ASCII 字符"
    assert not IdempotencyRecord.objects.exists()
    assert made() == 0


@BOTH
def test_keys_that_differ_in_case_are_two(api, url):
    for key in (KEY, KEY.upper()):
        data(api.post(url, {"title": "a"}, key=key), 201)
    assert made() == 2


@BOTH
def test_numbers_no_column_could_hold_break_nothing(api, url):
    body = {"title": "a", "n": 10**40}
    assert data(api.post(url, body, key=KEY), 201) == data(api.post(url, body, key=KEY), 201)


def test_who_is_nobody_has_no_keys(db):
    for _ in range(2):
        data(Api().post("/anybody", {"title": "a"}, key=KEY), 201)
    assert made() == 2


@pytest.fixture
def _impatient(monkeypatch):
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.2)


@pytest.mark.usefixtures("_impatient")
def test_a_request_that_still_runs_is_waited_for_then_409(api, monkeypatch):
    data(api.post("/call", {"title": "a"}, key=KEY), 201)
    IdempotencyRecord.objects.update(status=0, started_at=timezone.now())

    response = api.post("/call", {"title": "a"}, key=KEY)

    assert refusal(response) == (409, 11009)
    assert response.headers["Retry-After"] == "1"
    assert made() == 1


def test_one_that_died_is_taken_over_after_a_minute(api):
    data(api.post("/call", {"title": "a"}, key=KEY), 201)
    long_ago = timezone.now() - ABANDONED_AFTER - timedelta(seconds=1)
    IdempotencyRecord.objects.update(status=0, started_at=long_ago)

    data(api.post("/call", {"title": "a"}, key=KEY), 201)

    assert made() == 2  # the action bears repetition, that is its promise
    assert IdempotencyRecord.objects.get().status == 201


def test_the_first_one_coming_back_late_changes_nothing(api):
    """It ran for more than a minute, somebody took over and answered."""
    data(api.post("/call", {"title": "a"}, key=KEY), 201)
    late = IdempotencyRecord.objects.get()
    late.started_at -= timedelta(minutes=2)
    answer = late.answer

    idempotency._finish(late, Response({"other": 1}, status=201))
    idempotency._running(late).delete()

    assert IdempotencyRecord.objects.get().answer == answer


def test_records_are_kept_seven_days(api):
    data(api.post("/make", {"title": "a"}, key=KEY), 201)
    IdempotencyRecord.objects.update(started_at=timezone.now() - timedelta(days=6, hours=23))
    purge_expired()
    assert IdempotencyRecord.objects.count() == 1

    IdempotencyRecord.objects.update(started_at=timezone.now() - timedelta(days=7, seconds=1))
    purge_expired()
    assert IdempotencyRecord.objects.count() == 0
