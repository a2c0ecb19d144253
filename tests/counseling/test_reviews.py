"""What clients say of sessions: once, about what took place, and nobody finds them by it (S9)."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Notification, StatusChange
from accounts.services.parameters import change_parameters, forget_parameters
from config.errors import IllegalTransition, NotFound
from counseling.models import Appointment, AppointmentStatus, Counselor, Review
from counseling.services.reviews import hide_review, refresh_ratings, shrunk_mean
from tests.factories.accounts import UserFactory
from tests.factories.counseling import CounselorFactory, SlotFactory, booker, completed, reviewed
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def appointment():
    return completed(booker(user=UserFactory(nickname="小舟", username="zhou")))


@pytest.fixture
def counselor(appointment):
    return appointment.counselor


@pytest.fixture
def author(appointment):
    return Api(appointment.user)


def say(client, appointment, **body):
    return client.post("/review", {"appointment_id": appointment.pk, "rating": 5} | body)


def another(counselor) -> Appointment:
    """Somebody else's session with the same counselor."""
    return completed(slot=SlotFactory(counselor=counselor), service=counselor.services.get())


def figures(counselor) -> tuple[Decimal, int]:
    return Counselor.objects.values_list("rating", "rating_count").get(pk=counselor.pk)


def fresh(counselor) -> tuple[Decimal, int]:
    """What an aggregate of now says."""
    stars = list(
        Review.objects.shown().filter(counselor=counselor).values_list("rating", flat=True)
    )
    return shrunk_mean(sum(stars), len(stars)), len(stars)


def nothing_was_said(counselor) -> bool:
    return not Review.objects.exists() and figures(counselor) == (0, 0)


def listed(client, query="") -> list[dict]:
    return data(client.get(f"/review{query}"))["list"]


# -- saying something


def test_the_authors_answer_field_by_field(author, appointment, counselor):
    answer = data(
        say(author, appointment, rating=4, comment="被听见了", tags=["warm", "helpful", "warm"]),
        201,
    )

    assert answer.pop("created_at").endswith("Z")
    review = Review.objects.get()
    assert answer == {
        "id": review.pk, "counselor_id": counselor.pk, "appointment_id": appointment.pk,
        "rating": 4, "comment": "被听见了", "tags": ["warm", "helpful"], "author": "匿名用户",
        "is_anonymous": True, "reviewed_on": f"{timezone.localdate()}", "reply": "",
        "replied_on": None, "status": "visible", "moderation_note": "",
    }  # fmt: skip
    assert review.user == appointment.user
    assert data(author.get(f"/review/{review.pk}"))["id"] == review.pk
    assert [row["id"] for row in listed(author, f"/mine?appointment={appointment.pk}")] == [
        review.pk
    ]
    told = Notification.objects.get(template="counselor_reviewed")
    assert (told.user, "4 星" in told.body) == (counselor.user, True)
    assert appointment.number not in told.body + str(told.context)


def test_S9_once_per_appointment(author, appointment, counselor):
    data(say(author, appointment), 201)

    assert refusal(say(author, appointment, rating=1)) == (409, 12181)
    assert figures(counselor) == (shrunk_mean(5, 1), 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(
            appointment=appointment, counselor=counselor, user=appointment.user, rating=5
        )


UNDONE = [status for status in AppointmentStatus.values if status != "completed"]
MALFORMED = [
    {"rating": 0}, {"rating": 6}, {"rating": -1}, {"rating": 4.5}, {"rating": "five"},
    {"rating": None}, {"rating": [5]}, {"rating": 10**20}, {"comment": "长" * 501},
    {"comment": None}, {"is_anonymous": "maybe"}, {"tags": "warm"}, {"tags": ["genius"]},
    {"tags": ["warm", "helpful", "patient", "punctual", "attentive", "professional"]},
    {"tags": [["warm"]]}, {"appointment_id": None}, {"appointment_id": "x"},
    {"appointment_id": 2**63}, {"appointment_id": -1},
]  # fmt: skip


def test_S9_twenty_illegitimate_ways_and_more_leave_nothing(author, appointment, counselor, staff):
    strangers = [
        Api(UserFactory()), Api(counselor.user), Api(staff("admin")), Api(staff("super_admin")),
        Api(another(counselor).user),
    ]  # fmt: skip
    refused = [refusal(say(client, appointment)) for client in strangers]
    assert refused == [(404, NotFound.code)] * len(strangers)
    assert say(Api(), appointment).status_code == 401
    assert [say(author, appointment, **body).status_code for body in MALFORMED] == (
        [400] * len(MALFORMED)
    )
    assert say(author, appointment, appointment_id=10**15).status_code == 404
    for status in UNDONE:
        Appointment.objects.filter(pk=appointment.pk).update(status=status)
        assert refusal(say(author, appointment)) == (409, 12180), status

    assert nothing_was_said(counselor)
    assert not Notification.objects.filter(template="counselor_reviewed").exists()


# -- reading


def test_everybody_reads_them_and_finds_nobody_by_them(anonymous, author, appointment, counselor):
    data(say(author, appointment, rating=5, comment="好", is_anonymous=True), 201)
    known = another(counselor)
    known.user.nickname = "大明"
    known.user.save()
    reviewed(known, rating=2, comment="一般", is_anonymous=False)
    elsewhere = reviewed(rating=3)

    named, nameless = listed(anonymous, f"?counselor={counselor.pk}")

    assert (named["author"], nameless["author"]) == ("大**", "匿名用户")
    assert set(nameless) == {
        "id", "counselor_id", "rating", "comment", "tags", "author", "is_anonymous",
        "reviewed_on", "reply", "replied_on",
    }  # fmt: skip
    assert [row["rating"] for row in listed(anonymous, f"?counselor={counselor.pk}&rating=2")] == [
        2
    ]
    assert [row["rating"] for row in listed(anonymous, "?ordering=rating")] == [2, 3, 5]
    assert {row["id"] for row in listed(anonymous)} >= {elsewhere.pk}


def test_no_filter_order_or_search_tells_whose_it_is(anonymous, author, appointment, counselor):
    """Those that would are not there: the same list, whatever is asked."""
    data(say(author, appointment), 201)
    reviewed(another(counselor), rating=4)
    whole, person = listed(anonymous), appointment.user

    for query in (
        f"?user={person.pk}", f"?user_id={person.pk}", f"?appointment={appointment.pk}",
        "?search=zhou", f"?search={appointment.number}", "?author=小舟", "?user__username=zhou",
    ):  # fmt: skip
        assert listed(anonymous, query) == whole, query
    for name in ("user", "user_id", "appointment", "user__username", "-user"):
        assert anonymous.get(f"/review?ordering={name}").status_code == 400, name
    for reader in (anonymous, Api(counselor.user), Api(UserFactory())):
        text = reader.get("/review").content.decode()
        assert not any(word in text for word in ("小舟", "zhou", appointment.number))
        assert '"user' not in text
        assert '"appointment' not in text
    assert listed(Api(counselor.user), "/mine") == []


def test_of_published_counselors_alone(anonymous, author, appointment, counselor):
    data(say(author, appointment), 201)
    Counselor.objects.filter(pk=counselor.pk).update(status="suspended")

    assert listed(anonymous) == []
    assert len(listed(author, "/mine")) == 1


def test_the_list_asks_no_more_for_more(anonymous, counselor, author, appointment):
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            listed(anonymous, f"?counselor={counselor.pk}")
        return len(asked)

    data(say(author, appointment), 201)
    statements()
    few = statements()
    for _ in range(3):
        reviewed(another(counselor), is_anonymous=False)
    assert statements() == few == 2  # how many, and which


# -- changing one's mind


def test_its_author_changes_it_and_the_rating_follows(author, appointment, counselor):
    review = data(say(author, appointment, rating=1, comment="不好", tags=["warm"]), 201)
    path = f"/review/{review['id']}"

    changed = data(author.patch(path, {"rating": 5}))
    assert (changed["rating"], changed["comment"], changed["tags"]) == (5, "不好", ["warm"])
    assert figures(counselor) == fresh(counselor) == (shrunk_mean(5, 1), 1)

    changed = data(author.put(path, {"rating": 3, "is_anonymous": False}))
    assert (changed["comment"], changed["tags"], changed["author"]) == ("", [], "小**")
    assert figures(counselor) == fresh(counselor)

    assert data(author.delete(path)) == {}
    assert nothing_was_said(counselor)
    data(say(author, appointment), 201)
    assert figures(counselor) == fresh(counselor)


def test_not_after_a_week_nor_once_answered_or_hidden(author, appointment, counselor, staff):
    review = Review.objects.get(pk=data(say(author, appointment), 201)["id"])
    path = f"/review/{review.pk}"

    def reasons():
        answers = [author.patch(path, {"rating": 1}), author.delete(path)]
        assert [refusal(answer) for answer in answers] == [(409, 12182)] * 2
        return {answer.json()["data"]["reason"] for answer in answers}

    Review.objects.update(created_at=timezone.now() - timedelta(days=7))
    assert reasons() == {"too_late"}
    with time_machine.travel(timezone.now() - timedelta(seconds=5)):
        data(author.patch(path, {"rating": 4}))
    data(Api(counselor.user).post(f"{path}/reply", {"reply": "谢谢"}))
    assert reasons() == {"replied"}
    hide_review(review.pk, actor=staff("admin"), reason="广告")
    assert reasons() == {"hidden"}
    for stranger in (Api(UserFactory()), Api(counselor.user), Api(staff("super_admin"))):
        assert refusal(stranger.patch(path, {"rating": 1})) == (404, NotFound.code)
        assert refusal(stranger.delete(path)) == (404, NotFound.code)
    review.refresh_from_db()
    assert review.rating == 4


# -- the counselor's answer


def test_the_counselor_answers_once_and_nobody_else(author, appointment, counselor, staff):
    review = data(say(author, appointment), 201)
    path = f"/review/{review['id']}/reply"
    for client in (author, Api(CounselorFactory().user), Api(staff("super_admin"))):
        assert refusal(client.post(path, {"reply": "谢谢"})) == (404, NotFound.code)

    answer = data(Api(counselor.user).post(path, {"reply": "谢谢你的信任"}))

    assert (answer["reply"], answer["replied_on"]) == ("谢谢你的信任", f"{timezone.localdate()}")
    assert "appointment_id" not in answer
    assert refusal(Api(counselor.user).post(path, {"reply": "再谢"})) == (409, 14055)
    note = Notification.objects.get(template="counselor_replied")
    assert (note.user, "谢谢你的信任" in note.body) == (appointment.user, False)


# -- staff


def test_what_is_hidden_is_gone_and_does_not_count(
    anonymous, author, appointment, counselor, staff
):
    reviewed(another(counselor), rating=5)
    review = data(say(author, appointment, rating=1, comment="加我微信"), 201)
    moderator, path = Api(staff("content_manager")), f"/review/{review['id']}"

    answer = data(moderator.post(f"{path}/hide", {"reason": "含联系方式"}))

    assert (answer["status"], answer["moderation_note"]) == ("hidden", "含联系方式")
    assert "appointment_id" not in answer
    assert [row["rating"] for row in listed(anonymous)] == [5]
    assert figures(counselor) == fresh(counselor) == (shrunk_mean(5, 1), 1)
    assert data(author.get(path))["moderation_note"] == "含联系方式"
    note = Notification.objects.get(user=appointment.user, template="review_hidden")
    assert "含联系方式" in note.body
    late = Api(counselor.user).post(f"{path}/reply", {"reply": "?"})
    assert refusal(late) == (404, NotFound.code)
    again = moderator.post(f"{path}/hide", {"reason": "广告"})
    assert refusal(again) == (409, IllegalTransition.code)
    data(moderator.post(f"{path}/restore"))
    assert figures(counselor) == fresh(counselor) == (shrunk_mean(6, 2), 2)
    assert StatusChange.objects.filter(model="counseling.review").count() == 2


def test_hiding_needs_a_reason_and_the_right(author, appointment, counselor, staff):
    path = f"/review/{data(say(author, appointment), 201)['id']}/hide"

    assert Api(staff("admin")).post(path, {"reason": " "}).status_code == 400
    for client in (author, Api(counselor.user), Api(staff("customer_service"))):
        assert client.post(path, {"reason": "难听"}).status_code == 403
    assert figures(counselor) == (shrunk_mean(5, 1), 1)


def test_whose_it_is_nobody_sees_in_the_back_office(author, appointment, counselor, office):
    review = data(say(author, appointment, comment="谢谢老师"), 201)
    browser, page = office("super_admin"), "/admin/counseling/review/"

    for address in ("", f"{review['id']}/change/", f"{review['id']}/history/", "?q=谢谢"):
        text = browser.get(page + address).content.decode()
        assert counselor.name in text or "history" in address
        assert not any(word in text for word in ("小舟", "zhou", appointment.number)), address
    for query in ("?q=zhou", f"?q={appointment.number}", "?q=小舟"):
        assert "谢谢老师" not in browser.get(page + query).content.decode()
    # nor by an address: neither from here, nor from the people or the appointments backwards
    for address in (
        f"{page}?user__id__exact={appointment.user.pk}", f"{page}?appointment={appointment.pk}",
        f"/admin/accounts/user/?counseling_reviews={review['id']}",
        f"/admin/accounts/user/?counseling_reviews__id__exact={review['id']}",
        f"/admin/counseling/appointment/?review={review['id']}",
        "/admin/counseling/appointment/?review__isnull=0",
    ):  # fmt: skip
        assert browser.get(address).status_code == 400, address
    browser.post(page, {"action": "hide", "_selected_action": [review["id"]], "remark": "广告"})
    assert figures(counselor) == (0, 0)


# -- the rating


def test_few_reviews_are_drawn_toward_the_prior(author, appointment, counselor, staff):
    data(say(author, appointment, rating=5), 201)

    # five reviews of four stars, and one of five
    assert figures(counselor) == (Decimal("4.17"), 1)
    change_parameters({"RATING_PRIOR_REVIEWS": 0}, actor=staff("super_admin"))
    forget_parameters()
    assert refresh_ratings() == Counselor.objects.count()
    assert figures(counselor) == (Decimal("5.00"), 1)
    shown = data(Api().get(f"/counselor/{counselor.pk}"))
    assert (float(shown["rating"]), shown["rating_count"]) == (5.0, 1)
