"""Uploads at once: the quota is exact, one avatar stays (F-4)."""

import pytest
from django.db import connection

from accounts.models import User
from media.errors import QuotaExceeded
from media.models import File, FileUsage
from media.services import quota
from media.services.files import delete_file
from media.services.links import public_url
from media.services.uploads import replace_avatar, store_upload
from tests.factories.accounts import UserFactory
from tests.factories.media import picture, upload
from tests.helpers import meeting, together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROUNDS = range(5)
N = 20


@pytest.fixture(autouse=True)
def _quiet_broker(monkeypatch):
    """Deletions tell the worker by name; there is none here."""
    monkeypatch.setattr("celery.canvas.Signature.delay", lambda self: None)


def send(user, purpose="image"):
    content = upload(picture())
    return store_upload(user, purpose=purpose, content=content.file, size=content.size, name="a")


def used(user) -> int:
    return FileUsage.objects.get(user=user).used_bytes


@pytest.mark.parametrize("_round", ROUNDS)
def test_F4_parallel_uploads_never_pass_the_quota(_round, settings):
    user = UserFactory()
    one = send(user).stored_bytes
    settings.FILE_QUOTA_BYTES = one * 8 - 1  # room for seven, one of which is there

    outcomes = together(N, lambda i: send(user))

    kinds = sorted(type(outcome).__name__ for outcome in outcomes)
    assert kinds == ["File"] * 6 + ["QuotaExceeded"] * (N - 6)
    assert used(user) == one * 7
    assert File.objects.filter(owner=user, status="ready").count() == 7


@pytest.mark.parametrize("_round", ROUNDS)
def test_F4_the_first_uploads_of_a_person_at_once(_round):
    """Nobody has a row of usage yet: all of them want to make it."""
    user = UserFactory()

    outcomes = together(N, lambda i: send(user))

    assert {type(outcome).__name__ for outcome in outcomes} == {"File"}
    assert used(user) == sum(file.stored_bytes for file in File.objects.filter(owner=user))


@pytest.mark.parametrize("_round", ROUNDS)
def test_one_deletion_of_many_gives_room_back_once(_round):
    user = UserFactory()
    file, other = send(user), send(user)

    outcomes = together(8, lambda i: delete_file(file.pk, actor=user))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == (
        ["NoneType"] + ["NotFound"] * 7
    )
    assert used(user) == other.stored_bytes


@pytest.mark.parametrize("_round", ROUNDS)
def test_of_avatars_sent_at_once_one_is_worn_and_there(_round):
    user = UserFactory()
    content = picture()

    def wear(i):
        file = upload(content)
        return replace_avatar(user, content=file.file, size=file.size, name="a")

    outcomes = together(6, wear)

    assert {type(outcome).__name__ for outcome in outcomes} == {"File"}
    (left,) = File.objects.filter(owner=user, status="ready")
    assert User.objects.get(pk=user.pk).avatar == public_url(left, "main")
    assert used(user) == left.stored_bytes


def test_the_quota_would_be_passed_without_its_condition(settings, monkeypatch):
    """The negative control: look first, add later."""
    user = UserFactory()
    one = send(user).stored_bytes
    settings.FILE_QUOTA_BYTES = one * 4

    def careless(user_id, *, size):
        row = FileUsage.objects.get(user_id=user_id)
        connection.ensure_connection()
        if row.used_bytes + size > settings.FILE_QUOTA_BYTES:
            raise QuotaExceeded
        all_have_looked()
        FileUsage.objects.filter(pk=row.pk).update(used_bytes=quota.F("used_bytes") + size)

    all_have_looked = meeting(N)
    monkeypatch.setattr("media.services.uploads.reserve", careless)

    together(N, lambda i: send(user))

    assert used(user) > settings.FILE_QUOTA_BYTES
