"""What a person switched off is not sent; what tells of security or money always is."""

import pytest

from accounts.models import Notification, NotificationPreference, NotificationTemplate
from accounts.services.delivery import send_pending
from accounts.services.notifications import notify
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

URL = "/notifications/preferences"
CONFIRMED = "appointment_confirmed"


def choice(template: str, enabled: bool, channel: str = "subscribe") -> dict:
    return {"template": template, "channel": channel, "enabled": enabled}


def shown(api) -> dict:
    rows = data(api.get(URL))["preferences"]
    return {(row["template"], row["channel"]): row["enabled"] for row in rows}


def test_everything_is_on_at_first_and_the_message_centre_is_no_choice(api):
    answer = data(api.get(URL))

    assert answer["quiet_hours"] is None
    assert {row["enabled"] for row in answer["preferences"]} == {True}
    assert "in_app" not in {row["channel"] for row in answer["preferences"]}
    row = next(row for row in answer["preferences"] if row["template"] == CONFIRMED)
    assert row == {
        "template": CONFIRMED, "title": "预约成功", "kind": "service", "channel": "subscribe",
        "enabled": True, "mandatory": False,
    }  # fmt: skip


def test_switching_one_off_and_on_again(api, user):
    answer = data(api.put(URL, {"preferences": [choice(CONFIRMED, False)]}))
    assert [row["enabled"] for row in answer["preferences"] if row["template"] == CONFIRMED] == [
        False
    ]
    off = [pair for pair, enabled in shown(api).items() if not enabled]
    assert off == [(CONFIRMED, "subscribe")]

    data(api.put(URL, {"preferences": [choice(CONFIRMED, True)]}))

    assert set(shown(api).values()) == {True}
    assert NotificationPreference.objects.filter(user=user).count() == 1


def test_the_last_word_on_a_pair_counts(api):
    rows = [choice(CONFIRMED, False), choice(CONFIRMED, True), choice(CONFIRMED, False)]
    data(api.put(URL, {"preferences": rows}))
    assert shown(api)[CONFIRMED, "subscribe"] is False


def test_money_cannot_be_switched_off_and_nothing_of_the_request_is_kept(api):
    body = {
        "preferences": [choice(CONFIRMED, False), choice("refund_succeeded", False)],
        "quiet_hours": {"start": "22:00", "end": "08:00"},
    }

    assert refusal(api.put(URL, body))[0] == 422

    assert set(shown(api).values()) == {True}
    assert data(api.get(URL))["quiet_hours"] is None
    data(api.put(URL, {"preferences": [choice("refund_succeeded", True)]}))


@pytest.mark.parametrize(
    "row",
    [
        choice("nothing_like_it", False),
        choice(CONFIRMED, False, "in_app"),
        choice(CONFIRMED, False, "email"),
    ],
)
def test_a_notice_that_does_not_go_that_way_is_refused(api, row):
    assert refusal(api.put(URL, {"preferences": [row]}))[0] == 422
    assert NotificationPreference.objects.exists() is False


@pytest.mark.parametrize(
    "body",
    [
        {"preferences": {}},
        {"preferences": [{"template": CONFIRMED}]},
        {"preferences": [choice(CONFIRMED, "maybe")]},
        {"preferences": [choice(CONFIRMED, False, "pigeon")]},
        {"preferences": [choice(CONFIRMED, False)] * 201},
    ],
)
def test_another_shape_is_refused(api, body):
    assert refusal(api.put(URL, body)) == (400, 10400)
    assert NotificationPreference.objects.exists() is False


def test_what_is_off_is_not_sent_and_stays_in_the_message_centre(api, user):
    data(api.put(URL, {"preferences": [choice(CONFIRMED, False)]}))
    notify(user, CONFIRMED, start="2026年11月22日 15:00")

    assert send_pending() == 0

    rows = Notification.objects.order_by("channel").values_list("channel", "status", "attempts")
    assert list(rows) == [("in_app", "sent", 0), ("subscribe", "skipped", 0)]


def test_switching_off_counts_for_what_still_waits(api, user):
    notify(user, CONFIRMED)
    data(api.put(URL, {"preferences": [choice(CONFIRMED, False)]}))
    send_pending()
    assert Notification.objects.get(channel="subscribe").status == "skipped"


def test_what_became_mandatory_later_is_sent_all_the_same(api, user):
    data(api.put(URL, {"preferences": [choice(CONFIRMED, False)]}))
    NotificationTemplate.objects.filter(code=CONFIRMED).update(kind="security")
    notify(user, CONFIRMED)

    send_pending()

    assert shown(api)[CONFIRMED, "subscribe"] is True
    assert Notification.objects.get(channel="subscribe").status == "undeliverable"  # was tried


def test_one_persons_choice_is_not_anothers(api):
    stranger = UserFactory()
    data(api.put(URL, {"preferences": [choice(CONFIRMED, False)]}))
    notify(stranger, CONFIRMED)

    send_pending()

    assert Notification.objects.get(channel="subscribe").status == "undeliverable"
    assert set(shown(Api(stranger)).values()) == {True}


def test_asking_for_a_notice_costs_no_statement_more(user, django_assert_num_queries):
    notify(user, CONFIRMED)
    with django_assert_num_queries(3):  # savepoint, insert, release
        notify(user, CONFIRMED)


def test_without_a_login_there_are_no_preferences(anonymous):
    assert refusal(anonymous.get(URL)) == (401, 10401)
    assert refusal(anonymous.put(URL, {"preferences": []})) == (401, 10401)


def test_the_kinds_of_the_seeded_notices(db):
    kinds = dict(NotificationTemplate.objects.values_list("code", "kind"))
    assert {code for code, kind in kinds.items() if kind == "money"} == {
        "payment_returned", "refund_succeeded", "refund_rejected",
    }  # fmt: skip
    for code in ("session_reused", "password_changed", "role_changed", "account_enabled"):
        assert kinds[code] == "security"
