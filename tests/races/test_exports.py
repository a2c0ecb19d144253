"""Exports at once: one wish is one job, three at a time, and one worker makes a file."""

import pytest
from django.core.files.storage import default_storage

from accounts.errors import TooManyExports
from accounts.models import ExportJob, User
from accounts.services import exports
from accounts.services.export_running import run_export
from accounts.services.exports import request_export
from tests.factories.accounts import StaffFactory, UserFactory
from tests.helpers import meeting, together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROUNDS = range(4)
N = 12
COLUMNS = ["id", "username", "nickname", "phone", "email", "gender"]


@pytest.fixture(autouse=True)
def _quiet_broker(monkeypatch):
    monkeypatch.setattr("celery.canvas.Signature.delay", lambda self: None)
    monkeypatch.setattr("accounts.tasks.run_exports.delay", lambda: None)


def ask(user, i: int):
    """Wishes that differ: sixty-three sets of columns, one per number."""
    columns = [name for bit, name in enumerate(COLUMNS) if (i + 1) >> bit & 1]
    return request_export(User.objects.get(pk=user.pk), "user", columns=columns)


@pytest.mark.parametrize("_round", ROUNDS)
def test_the_same_wish_at_once_is_one_job(_round):
    user = StaffFactory("admin")

    jobs = together(N, lambda i: ask(user, 0))

    assert {type(job) for job in jobs} == {ExportJob}
    assert len({job.pk for job in jobs}) == ExportJob.objects.count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_of_many_wishes_at_once_three_are_taken(_round):
    user = StaffFactory("admin")

    outcomes = together(N, lambda i: ask(user, i))

    kinds = [type(outcome) for outcome in outcomes]
    assert (kinds.count(ExportJob), kinds.count(TooManyExports)) == (3, N - 3)
    assert ExportJob.objects.count() == 3


def test_without_the_lock_more_are_taken(monkeypatch, no_locks):
    """Negative control: the count alone does not hold."""
    all_have_counted, make = meeting(8), exports._open

    def slowly(*args, **kwargs):
        all_have_counted()
        return make(*args, **kwargs)

    monkeypatch.setattr(exports, "_open", slowly)
    user = StaffFactory("admin")

    together(8, lambda i: ask(user, i))

    assert ExportJob.objects.filter(requested_by=user).count() == 8


@pytest.mark.parametrize("_round", ROUNDS)
def test_of_many_workers_one_makes_the_file(_round):
    user = StaffFactory("admin")
    UserFactory.create_batch(5)
    job = ask(user, 0)

    done = together(8, lambda i: run_export(job.pk))

    assert sorted(done) == [False] * 7 + [True]
    job.refresh_from_db()
    assert (job.status, job.attempts, job.done) == ("ready", 1, User.objects.count())
    assert default_storage.exists(job.path)
