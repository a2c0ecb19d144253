"""One review per session however often it is sent, and a rating that is what is shown (S9)."""

from decimal import Decimal

import pytest

from counseling.models import Appointment, Counselor, Review
from counseling.services import reviews
from counseling.services.reviews import edit_review, hide_review, shrunk_mean, write_review
from tests.factories.counseling import SlotFactory, completed
from tests.helpers import meeting, together
from tests.races.commerce_tools import names
from tests.races.figures import figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def say(appointment, rating=5) -> Review:
    return write_review(appointment.pk, user=appointment.user, rating=rating)


def sessions_of_one_counselor(n: int) -> list[Appointment]:
    first = completed()
    counselor, service = first.counselor, first.service
    slots = [SlotFactory(counselor=counselor) for _ in range(n - 1)]
    return [first, *(completed(slot=slot, service=service) for slot in slots)]


def kept(counselor_id: int) -> tuple[Decimal, int]:
    return Counselor.objects.values_list("rating", "rating_count").get(pk=counselor_id)


def fresh(counselor_id: int) -> tuple[Decimal, int]:
    shown = Review.objects.shown().filter(counselor_id=counselor_id)
    stars = list(shown.values_list("rating", flat=True))
    return shrunk_mean(sum(stars), len(stars)), len(stars)


def test_S9_a_session_is_reviewed_once_however_often_it_is_sent():
    appointment = completed()

    outcomes = storm(size(200), lambda i: say(appointment))

    assert names(outcomes) == ["AlreadyReviewed"] * (size(200) - 1) + ["Review"]
    assert Review.objects.count() == 1
    assert kept(appointment.counselor_id) == (shrunk_mean(5, 1), 1)
    figure("S-9", f"{size(200)} reviews of one session at once: 1 stands")


def test_reviews_of_one_counselor_are_all_counted():
    appointments = sessions_of_one_counselor(8)
    pk = appointments[0].counselor_id

    together(8, lambda i: say(appointments[i], rating=1 + i % 5))

    assert kept(pk) == fresh(pk)
    assert kept(pk)[1] == 8


def test_hidden_changed_and_written_at_once_the_rating_is_what_is_shown():
    appointments = sessions_of_one_counselor(6)
    pk = appointments[0].counselor_id
    said = [say(appointment) for appointment in appointments[:4]]
    jobs = [
        lambda: hide_review(said[0].pk, actor=None, reason="广告"),
        lambda: hide_review(said[1].pk, actor=None, reason="广告"),
        lambda: edit_review(said[2].pk, user=said[2].user, rating=1),
        lambda: reviews.withdraw_review(said[3].pk, user=said[3].user),
        lambda: say(appointments[4], rating=2),
        lambda: say(appointments[5], rating=3),
    ]

    outcomes = together(6, lambda i: jobs[i]())

    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert kept(pk) == fresh(pk) == (shrunk_mean(1 + 2 + 3, 3), 3)


def test_negative_control_of_the_rating(monkeypatch, no_locks):
    """Without the counselor's lock both count before either commits: one is lost.

    On MariaDB the foreign key holds the counselor too: a deadlock, and one counts once more.
    """
    one, two = sessions_of_one_counselor(2)
    meet = meeting(2)
    honest, counted = reviews.shrunk_mean, []

    def slowly(total, count):
        counted.append(count)
        meet()  # both have counted
        return honest(total, count)

    monkeypatch.setattr(reviews, "shrunk_mean", slowly)

    together(2, lambda i: say((one, two)[i]))
    assert Review.objects.count() == 2
    assert counted[:2] == [1, 1]
    assert kept(one.counselor_id)[1] == 1 or len(counted) == 3
