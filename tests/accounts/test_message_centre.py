"""The message centre: a person's own in-app messages."""

import pytest

from accounts.models import Notification, NotificationTemplate
from accounts.services.notifications import notify
from tests.accounts.notices import booked, booked_template
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal


@pytest.fixture
def template(db):
    return booked_template()


def test_the_centre_shows_ones_own_in_app_messages_newest_first(api, user, template):
    booked(user)
    booked(user, counselor="李老师")
    booked(UserFactory())

    page = data(api.get("/notifications"))

    assert page["pagination"]["total"] == 2
    first = page["list"][0]
    assert first.keys() == {"id", "template", "title", "body", "context", "read_at", "created_at"}
    assert (first["body"], first["read_at"]) == ("您已预约李老师，2026年11月22日 15:00", None)
    assert first["context"]["id"] == 7


def test_reading_one_and_reading_all(api, user, template):
    for _ in range(3):
        booked(user)
    first = data(api.get("/notifications"))["list"][0]

    assert data(api.post(f"/notifications/{first['id']}/read")) == {}
    read_at = Notification.objects.get(pk=first["id"]).read_at
    assert data(api.post(f"/notifications/{first['id']}/read")) == {}

    assert Notification.objects.get(pk=first["id"]).read_at == read_at
    assert data(api.get("/notifications/unread-count"))["count"] == 2
    unread = data(api.get("/notifications", {"unread": "true"}))["list"]
    assert first["id"] not in {note["id"] for note in unread}
    assert len(unread) == 2
    assert len(data(api.get("/notifications", {"unread": "false"}))["list"]) == 1
    assert data(api.post("/notifications/read-all")) == {"count": 2}
    assert data(api.get("/notifications/unread-count"))["count"] == 0


def test_the_centre_has_tabs_by_kind(api, user, template):
    NotificationTemplate.objects.create(
        code="paid", title="已支付", body="已支付", channels=["in_app"], kind="money"
    )
    booked(user)
    booked(user)
    notify(user, "paid")

    none = dict.fromkeys(("security", "money", "service", "marketing"), 0)
    counts = none | {"money": 1, "service": 2}
    assert data(api.get("/notifications/unread-count")) == {"count": 3, "kinds": counts}
    (paid,) = data(api.get("/notifications", {"kind": "money"}))["list"]
    assert paid["template"] == "paid"
    assert data(api.get("/notifications", {"kind": "security"}))["list"] == []
    assert refusal(api.get("/notifications", {"kind": "other"})) == (400, 10400)

    assert data(api.post("/notifications/read-all", {"kind": "service"})) == {"count": 2}
    assert refusal(api.post("/notifications/read-all", {"kind": "x"})) == (400, 10400)
    assert data(api.get("/notifications/unread-count"))["kinds"] == none | {"money": 1}
    assert data(api.post("/notifications/read-all", {"kind": "service"})) == {"count": 0}


def test_another_persons_message_does_not_exist(api, template):
    stranger = UserFactory()
    booked(stranger)
    theirs = Notification.objects.get(user=stranger, channel="in_app")
    mine = Notification.objects.filter(user=api.user)

    assert refusal(api.post(f"/notifications/{theirs.pk}/read")) == (404, 10404)
    booked(api.user)
    hidden = mine.get(channel="subscribe")
    assert refusal(api.post(f"/notifications/{hidden.pk}/read")) == (404, 10404)
    api.post("/notifications/read-all")

    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_the_list_costs_three_statements(api, user, template, django_assert_num_queries):
    for _ in range(12):
        booked(user)
    api.get("/notifications")
    with django_assert_num_queries(2):  # count, page
        api.get("/notifications", {"size": 12})


def test_without_a_login_there_is_no_centre(db):
    for path in ("/notifications", "/notifications/unread-count"):
        assert refusal(Api().get(path)) == (401, 10401)
    assert refusal(Api().post("/notifications/read-all")) == (401, 10401)
