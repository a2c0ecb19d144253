"""Leave to send subscribe messages: counted when given, used up by sending."""

import pytest
from django.conf import settings

from accounts.models import Notification, NotificationTemplate, SubscribeQuota, WeChatIdentity
from accounts.services.delivery import send_pending
from accounts.services.notifications import notify
from accounts.services.subscriptions import message_sent
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

ASK, ANSWER = "/notifications/wechat/templates", "/notifications/wechat/subscriptions"
CONFIRMED, CANCELLED = "appointment_confirmed", "appointment_cancelled"


@pytest.fixture
def template(db):
    return NotificationTemplate.objects.create(
        code="booked",
        title="已预约",
        body="您已预约",
        channels=["in_app", "subscribe"],
        wechat_template_id="booked-template",
        wechat_fields={"thing1": "预约"},
        scene="test",
    )


@pytest.fixture
def persona(sandbox, user):
    sandbox.reset()
    persona = sandbox.persona()
    WeChatIdentity.objects.create(user=user, appid=settings.WX_APPID, openid=persona["openid"])
    return persona["id"]


def quotas(user) -> dict:
    return dict(SubscribeQuota.objects.filter(user=user).values_list("template_id", "remaining"))


def test_the_templates_of_a_scene(api):
    assert data(api.get(ASK, {"scene": "booking"})) == {
        "templates": [
            {"template_id": CANCELLED, "title": "预约已取消", "remaining": 0},
            {"template_id": CONFIRMED, "title": "预约成功", "remaining": 0},
            {"template_id": "appointment_reminder", "title": "咨询即将开始", "remaining": 0},
        ]
    }
    asked = data(api.get(ASK, {"scene": "refund"}))["templates"]
    assert [row["template_id"] for row in asked] == ["refund_succeeded"]
    assert data(api.get(ASK, {"scene": "nowhere"})) == {"templates": []}


def test_a_scene_must_be_named(api):
    assert refusal(api.get(ASK)) == (400, 10400)
    assert refusal(api.get(ASK, {"scene": "a b"})) == (400, 10400)


def test_at_most_three_are_asked_for_and_first_what_runs_out_first(api, user):
    for number in range(5):
        NotificationTemplate.objects.create(
            code=f"n{number}", title="x", body="x", channels=["subscribe"],
            wechat_template_id=f"T{number}", scene="many",
        )  # fmt: skip
    data(api.post(ANSWER, {"results": {"T0": "accept", "T2": "accept"}}))

    asked = data(api.get(ASK, {"scene": "many"}))["templates"]

    assert [row["template_id"] for row in asked] == ["T1", "T3", "T4"]


def test_a_template_without_that_channel_is_not_asked_for(api, template):
    NotificationTemplate.objects.filter(pk=template.pk).update(channels=["in_app"])
    assert data(api.get(ASK, {"scene": "test"})) == {"templates": []}


def test_only_an_accept_counts(api, user):
    results = {CONFIRMED: "accept", CANCELLED: "reject", "appointment_new": "ban"}

    answer = data(api.post(ANSWER, {"results": results | {"refund_succeeded": "filter"}}))

    assert {row["template_id"]: row["remaining"] for row in answer["templates"]} == {
        CONFIRMED: 1, CANCELLED: 0, "appointment_new": 0, "refund_succeeded": 0,
    }  # fmt: skip
    assert quotas(user) == {CONFIRMED: 1}


def test_accepts_add_up_and_a_no_takes_none_back(api, user):
    for choice in ("accept", "accept", "reject", "ban", "accept"):
        data(api.post(ANSWER, {"results": {CONFIRMED: choice}}))
    assert quotas(user) == {CONFIRMED: 3}


def test_a_repeated_key_counts_once(api, user):
    for _ in range(3):
        answer = data(api.post(ANSWER, {"results": {CONFIRMED: "accept"}}, key="accept-0001"))
        assert answer["templates"][0]["remaining"] == 1
    assert quotas(user) == {CONFIRMED: 1}


def test_somebody_elses_template_is_no_row_of_ours(api):
    assert data(api.post(ANSWER, {"results": {"x": "accept"}})) == {"templates": []}
    assert SubscribeQuota.objects.exists() is False


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"results": {}},
        {"results": []},
        {"results": {CONFIRMED: "yes"}},
        {"results": {CONFIRMED: None}},
        {"results": {f"T{n}": "accept" for n in range(21)}},
    ],
)
def test_another_shape_is_refused_and_counts_nothing(api, body):
    assert refusal(api.post(ANSWER, body)) == (400, 10400)
    assert SubscribeQuota.objects.exists() is False


def test_a_message_uses_up_one_leave(sandbox, persona, api, user, template):
    for _ in range(2):
        sandbox.subscribe(persona, "booked-template")
        data(api.post(ANSWER, {"results": {"booked-template": "accept"}}))
    notify(user, "booked")

    assert send_pending() == 1
    assert quotas(user) == {"booked-template": 1}


def test_43101_is_the_truth_and_zeroes_the_count(persona, api, user, template):
    for _ in range(3):
        data(api.post(ANSWER, {"results": {"booked-template": "accept"}}))
    notify(user, "booked")

    assert send_pending() == 0

    assert quotas(user) == {"booked-template": 0}
    rows = Notification.objects.order_by("channel").values_list("channel", "status")
    assert list(rows) == [("in_app", "sent"), ("subscribe", "undeliverable")]


def test_a_count_of_zero_is_a_hint_and_the_message_is_tried(sandbox, persona, user, template):
    """Leave given to an older client, or in WeChat's settings, that we never heard of."""
    sandbox.subscribe(persona, "booked-template")
    SubscribeQuota.objects.create(
        user=user, template_id="booked-template", remaining=0, updated_at="2026-11-21T00:00:00Z"
    )
    notify(user, "booked")

    assert send_pending() == 1
    assert quotas(user) == {"booked-template": 0}


def test_each_has_their_own_count(api, user):
    stranger = UserFactory()
    data(api.post(ANSWER, {"results": {CONFIRMED: "accept"}}))
    data(Api(stranger).post(ANSWER, {"results": {CONFIRMED: "accept"}}))

    message_sent(stranger, CONFIRMED)

    assert (quotas(user), quotas(stranger)) == ({CONFIRMED: 1}, {CONFIRMED: 0})


def test_without_a_login_there_are_no_counts(anonymous):
    assert refusal(anonymous.get(ASK, {"scene": "booking"})) == (401, 10401)
    assert refusal(anonymous.post(ANSWER, {"results": {CONFIRMED: "accept"}})) == (401, 10401)
