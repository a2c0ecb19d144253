"""Decisions about one counselor at once: one counts, and nobody is seen without a certificate."""

from collections import Counter
from contextlib import contextmanager
from datetime import date

import pytest

from accounts.models import StatusChange
from config.db import LockingQuerySet
from counseling.errors import SlotNotBookable
from counseling.models import Counselor, CounselorApplication, Qualification
from counseling.services import applications, qualifications
from counseling.services.applications import approve_application, reject_application
from counseling.services.counselors import publish
from counseling.services.qualifications import approve_qualification, reject_qualification
from tests.counseling.booking import attempt
from tests.factories.accounts import StaffFactory
from tests.factories.counseling import (
    ApplicationFactory,
    QualificationFactory,
    ServiceFactory,
    SlotFactory,
    booker,
)
from tests.helpers import meeting, together
from tests.races.figures import figure, size

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def kinds(outcomes):
    return Counter(type(outcome).__name__ for outcome in outcomes)


def decisions_on(row) -> int:
    return StatusChange.objects.filter(model=row._meta.label_lower, object_pk=row.pk).count()


def two_reviewers(row):
    bosses = [StaffFactory("admin"), StaffFactory("admin")]
    jobs = [
        lambda: approve_application(row.pk, actor=bosses[0]),
        lambda: reject_application(row.pk, actor=bosses[1], reason="资料不符"),
    ]
    return together(2, lambda i: jobs[i]())


def test_S8_two_reviewers_make_one_decision():
    rounds = size(100)
    for _ in range(rounds):
        row = ApplicationFactory()

        outcomes = kinds(two_reviewers(row))

        row.refresh_from_db()
        assert outcomes["IllegalTransition"] == 1, outcomes
        assert decisions_on(row) == 1
        assert Counselor.objects.filter(user=row.user).exists() == (row.status == "approved")
    figure("S-8", f"{rounds} applications, 2 reviewers each: {rounds} decisions")


@contextmanager
def blind(monkeypatch, module, n):
    """No locks, and moves that look at nothing, once all n have looked."""
    all_have_looked = meeting(n)

    def blind_decide(row, to, *, actor, own, reason):
        all_have_looked()
        type(row)._base_manager.filter(pk=row.pk).update(status=to)
        StatusChange.objects.create(
            model=row._meta.label_lower, object_pk=row.pk, old=row.status, new=to, reason=""
        )

    with monkeypatch.context() as patch:
        patch.setattr(LockingQuerySet, "locked", lambda self: self.order_by("pk"))
        patch.setattr(module, "decide", blind_decide)
        yield


def test_S8_negative_control(monkeypatch):
    row = ApplicationFactory()

    with blind(monkeypatch, applications, 2):
        two_reviewers(row)

    assert decisions_on(row) == 2


def test_two_first_drafts_make_one_application():
    user = ApplicationFactory.build().user
    user.save()

    outcomes = together(8, lambda i: applications.save_application(user=user, name=f"名字{i}"))

    assert kinds(outcomes) == {"CounselorApplication": 8}
    assert CounselorApplication.objects.filter(user=user).count() == 1


def counselor_with(*ends):
    """(a published counselor, their approved qualifications)."""
    counselor = ServiceFactory(counselor__status="draft").counselor
    rows = [QualificationFactory(user=counselor.user, expires_on=end) for end in ends]
    for row in rows:
        approve_qualification(row.pk, actor=None)
    publish(counselor.pk, actor=None)
    return counselor, rows


def take_both(rows):
    jobs = together(2, lambda i: reject_qualification(rows[i].pk, actor=None, reason="查无此证"))
    assert kinds(jobs) == {"Qualification": 2}


def test_S7_who_loses_both_certificates_at_once_is_not_seen():
    for _ in range(size(50)):
        counselor, rows = counselor_with(None, date(2099, 1, 1))

        take_both(rows)

        counselor.refresh_from_db()
        assert counselor.qualified_until is None


def test_S7_negative_control_without_the_persons_lock_the_other_one_still_counts(monkeypatch):
    counselor, rows = counselor_with(None, date(2099, 1, 1))
    meet, refresh = meeting(2), qualifications.refresh_qualified_until

    def refresh_late(user_id):
        meet()  # both have moved theirs, nobody has committed
        refresh(user_id)

    monkeypatch.setattr(qualifications, "_lock_person", lambda user_id: None)
    monkeypatch.setattr(qualifications, "refresh_qualified_until", refresh_late)

    together(2, lambda i: reject_qualification(rows[i].pk, actor=None, reason="查无此证"))

    counselor.refresh_from_db()
    assert counselor.qualified_until is not None


def test_an_application_and_its_certificate_approved_at_once_make_a_qualified_counselor():
    for _ in range(size(50)):
        row = ApplicationFactory()
        certificate = QualificationFactory(user=row.user)
        boss = StaffFactory("admin")
        jobs = [
            lambda row=row, boss=boss: approve_application(row.pk, actor=boss),
            lambda one=certificate, boss=boss: approve_qualification(one.pk, actor=boss),
        ]

        assert kinds(together(2, lambda i, jobs=jobs: jobs[i]())) == {
            "Counselor": 1, "Qualification": 1,
        }  # fmt: skip

        assert Counselor.objects.get(user=row.user).qualified_until is not None


def test_S7_publication_the_end_of_the_last_certificate_and_bookings_at_once():
    """Whoever comes after the end is refused; who came before keeps what they booked."""
    people = [booker() for _ in range(8)]
    counselor = ServiceFactory(counselor__status="draft").counselor
    row = QualificationFactory(user=counselor.user)
    approve_qualification(row.pk, actor=None)
    service = counselor.services.get()
    slots = [SlotFactory(counselor=counselor) for _ in people]
    jobs = [
        lambda: publish(counselor.pk, actor=None),
        lambda: reject_qualification(row.pk, actor=None, reason="查无此证"),
        *(lambda i=i: attempt(people[i], slots[i], service) for i in range(len(people))),
    ]

    outcomes = together(len(jobs), lambda i: jobs[i]())

    assert kinds(outcomes[:1]).keys() <= {"Counselor", "CounselorIncomplete"}
    assert kinds(outcomes[1:2]) == {"Qualification": 1}
    assert kinds(outcomes[2:]).keys() <= {"Order", "SlotNotBookable"}
    counselor.refresh_from_db()
    assert counselor.qualified_until is None
    assert Qualification.objects.get().status == "rejected"
    with pytest.raises(SlotNotBookable):
        attempt(booker(), SlotFactory(counselor=counselor), service)
