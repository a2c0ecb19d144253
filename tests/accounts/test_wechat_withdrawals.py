"""What somebody withdraws in WeChat, or WeChat cleans up, has its effect here, once."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.errors import ConsentRequired
from accounts.models import (
    AccountDeletion,
    AgreementKind,
    Consent,
    Notification,
    SubscribeQuota,
    User,
    WeChatEvent,
    WeChatIdentity,
)
from accounts.services.consents import require_consent
from accounts.services.deletion import cancel_deletion
from accounts.tasks import finish_deletions
from tests.accounts.test_wechat_push import URL, post
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.counseling import confirmed, consent

MODIFIED = "user_info_modified"
REVOKED, CLOSED = "user_authorization_revoke", "user_authorization_cancellation"


@pytest.fixture
def person(sandbox, db):
    """Somebody of ours with all that can be withdrawn; `persona` is who the sandbox knows."""
    sandbox.reset()
    persona = sandbox.persona()
    user = UserFactory(nickname="小满", avatar="https://x.test/a.webp", phone="13812340000")
    WeChatIdentity.objects.create(user=user, appid=settings.WX_APPID, openid=persona["openid"])
    consent(user)
    SubscribeQuota.objects.create(
        user=user, template_id="told", remaining=3, updated_at=timezone.now()
    )
    user.openid = persona["openid"]
    return user


@pytest.fixture
def push(sandbox, person):
    """push(event, RevokeInfo="6") as WeChat sends it: from WeChat, about OpenID."""

    def one(event, copies=1, **fields):
        fields = {"OpenID": person.openid, "AppID": settings.WX_APPID} | fields
        built = sandbox.push(URL, event, fields=fields, mode="safe", form="json", build=True)
        assert [post(built) for _ in range(copies)] == [(200, "success")] * copies

    return one


def looks(user) -> tuple[str, str]:
    return User.objects.values_list("nickname", "avatar").get(pk=user.pk)


def leave(user) -> int:
    return SubscribeQuota.objects.get(user=user).remaining


def agreed(user) -> bool:
    return Consent.objects.filter(user=user, withdrawn_at=None).exists()


def told(user) -> list[str]:
    rows = Notification.objects.filter(user=user, channel="in_app").order_by("pk")
    return list(rows.values_list("template", flat=True))


@pytest.mark.parametrize(
    ("event", "fields", "left"),
    [
        (MODIFIED, {}, ("", "")),
        (REVOKED, {"RevokeInfo": "6"}, ("", "")),
        (REVOKED, {"RevokeInfo": "19"}, ("", "https://x.test/a.webp")),
        (REVOKED, {"RevokeInfo": "20"}, ("小满", "")),
    ],
)
def test_nickname_and_avatar_go_as_far_as_they_were_withdrawn(person, push, event, fields, left):
    push(event, copies=3, **fields)

    assert looks(person) == left
    assert told(person) == ["wechat_profile_cleared"]
    assert (leave(person), agreed(person)) == (3, True)
    assert WeChatEvent.objects.values_list("event", "handled").get() == (event, True)


@pytest.mark.parametrize("what", ["201", "301"])
def test_withdrawing_all_takes_back_consents_and_leaves_but_no_account(person, push, what):
    push(REVOKED, copies=2, RevokeInfo=what)

    assert (looks(person), leave(person), agreed(person)) == (("", ""), 0, False)
    assert told(person) == ["wechat_authorization_withdrawn"]
    with pytest.raises(ConsentRequired):
        require_consent(person.pk, AgreementKind.BOOKING)
    person.refresh_from_db()
    assert (person.status, person.phone, person.deletes_at) == ("active", "13812340000", None)


def test_a_closed_wechat_account_starts_the_deletion_which_can_be_withdrawn(person, push):
    before = timezone.now()
    push(CLOSED, copies=2)

    deletion = AccountDeletion.objects.get(user=person)
    assert (deletion.status, deletion.requested_by, deletion.reason) == (
        "pending", None, "微信账号已注销",
    )  # fmt: skip
    assert deletion.due_at - before >= timedelta(days=15)
    assert told(person) == ["deletion_requested"]
    assert set(Notification.objects.values_list("channel", flat=True)) == {"in_app", "sms", "email"}

    cancel_deletion(person.pk, actor=person)  # they still log in by phone
    assert User.objects.get(pk=person.pk).deletes_at is None


def test_it_ends_as_every_deletion_does_and_a_booking_puts_it_off(person, push):
    push(CLOSED)
    with time_machine.travel(timezone.now() + timedelta(days=16), tick=False):
        assert finish_deletions() == 1
    person.refresh_from_db()
    assert (person.status, person.phone) == ("deleted", None)


def test_an_open_booking_only_puts_it_off(sandbox, person, push):
    appointment = confirmed()
    WeChatIdentity.objects.update(user=appointment.user)
    push(CLOSED)

    with time_machine.travel(timezone.now() + timedelta(days=16), tick=False):
        assert finish_deletions() == 0
    assert User.objects.get(pk=appointment.user_id).status == "active"
    assert AccountDeletion.objects.get().blocked_by != []


def test_staff_are_not_deleted_by_an_event_from_outside(person, push, caplog):
    WeChatIdentity.objects.update(user=StaffFactory("super_admin"))

    push(CLOSED)

    assert not AccountDeletion.objects.exists()
    assert "wechat_closed" in caplog.text


@pytest.mark.parametrize(
    "fields",
    [
        {"OpenID": "oNobodyWeKnow"},
        {"OpenID": ["x"]},
        {"OpenID": None},
        {"AppID": "wx-of-somebody-else"},
        {"RevokeInfo": "7"},  # the camera: nothing of it is kept
        {"RevokeInfo": {"a": 1}},
    ],
)
def test_what_is_about_nobody_or_nothing_of_ours_changes_nothing(person, push, fields):
    push(REVOKED, **{"RevokeInfo": "201"} | fields)

    assert (looks(person), leave(person), agreed(person)) == (
        ("小满", "https://x.test/a.webp"), 3, True,
    )  # fmt: skip
    assert told(person) == []
