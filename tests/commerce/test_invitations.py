"""Who works for a merchant said yes to it: asked, told, answered once, in time."""

from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.audit import move
from accounts.models import Notification, StatusChange
from commerce.models import InvitationStatus, MerchantInvitation, MerchantMember
from commerce.services import invitations
from commerce.services.invitations import expire_invitations
from config.errors import IllegalTransition
from tests.commerce.books import nothing_changes
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.commerce import InvitationFactory, MemberFactory, MerchantFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
PATH = "/merchants/invitations"


@pytest.fixture
def shop(user):
    return MerchantFactory(user=user, status="approved", business_name="小满花店")


def notices(user) -> list[tuple[str, str]]:
    return list(Notification.objects.filter(user=user).values_list("template", "body"))


@pytest.mark.parametrize("by", ["phone", "user_id"])
def test_who_is_asked_and_says_yes_works_there(api, user, shop, by):
    clerk = UserFactory(phone="13755556666", nickname="阿朱")
    known = {"phone": "137 5555 6666"} if by == "phone" else {"user_id": clerk.pk}

    sent = data(api.post(PATH, known | {"role": "clerk"}), 201)

    assert MerchantMember.objects.count() == 0  # nobody yet
    row = MerchantInvitation.objects.get()
    assert (
        timedelta(0) <= row.created_at + timedelta(days=7) - row.expires_at < timedelta(minutes=1)
    )
    del sent["created_at"], sent["expires_at"]
    assert sent == {
        "id": row.pk, "merchant_id": shop.pk, "merchant_name": "小满花店", "user_id": clerk.pk,
        "name": "阿**", "role": "clerk", "status": "pending", "decided_at": None,
    }  # fmt: skip
    assert notices(clerk) == [(
        "merchant_invited",
        "商户“小满花店”邀请您担任店员，请在 7 天内于小程序中接受或谢绝。",
    )]  # fmt: skip
    assert [one["id"] for one in data(Api(clerk).get(f"{PATH}/mine"))["list"]] == [row.pk]

    made = data(Api(clerk).post(f"{PATH}/{row.pk}/accept"))

    member = MerchantMember.objects.get()
    assert (member.merchant, member.user, member.role, member.invited_by) == (
        shop, clerk, "clerk", user,
    )  # fmt: skip
    del made["created_at"]
    assert made == {
        "id": member.pk, "user_id": clerk.pk, "nickname": "阿朱", "phone": "137****6666",
        "role": "clerk",
    }  # fmt: skip
    assert notices(user) == [
        ("merchant_invitation_answered", "阿**接受了担任“小满花店”店员的邀请。")
    ]
    assert {code for code, _ in notices(clerk)} == {"merchant_invited", "merchant_member_added"}
    assert [one["id"] for one in data(Api(clerk).get("/merchants/members"))["list"]] == [member.pk]
    assert data(api.get(PATH, {"status": "accepted"}))["pagination"]["total"] == 1


def test_who_says_no_works_nowhere_and_may_be_asked_again(api, user, shop):
    person = UserFactory()
    first = data(api.post(PATH, {"user_id": person.pk, "role": "manager"}), 201)

    done = data(Api(person).post(f"{PATH}/{first['id']}/decline"))

    assert done["status"] == "declined"
    assert MerchantMember.objects.count() == 0
    assert notices(user)[0][1].endswith("谢绝了担任“小满花店”店长的邀请。")
    assert data(api.post(PATH, {"user_id": person.pk, "role": "clerk"}), 201)["id"] != first["id"]


def test_what_was_taken_back_cannot_be_accepted(api, shop):
    person = UserFactory()
    sent = data(api.post(PATH, {"user_id": person.pk, "role": "clerk"}), 201)

    assert data(api.post(f"{PATH}/{sent['id']}/withdraw"))["status"] == "withdrawn"

    with nothing_changes():
        for answer in ("accept", "decline"):
            path = f"{PATH}/{sent['id']}/{answer}"
            assert refusal(Api(person).post(path)) == (409, 10409)
    assert MerchantMember.objects.count() == 0
    assert "merchant_invitation_withdrawn" in dict(notices(person))


def test_it_is_open_to_the_second(api, shop, time_machine):
    row = InvitationFactory(merchant=shop)
    time_machine.move_to(row.expires_at, tick=False)
    person = Api(row.user)

    with nothing_changes():
        assert refusal(person.post(f"{PATH}/{row.pk}/accept")) == (409, 14102)
    time_machine.move_to(row.expires_at - timedelta(seconds=1), tick=False)
    assert data(person.post(f"{PATH}/{row.pk}/accept"))["role"] == "clerk"


def test_what_nobody_answered_ends_by_itself(user, shop):
    row, other = InvitationFactory(merchant=shop), InvitationFactory(merchant=shop)
    MerchantInvitation.objects.filter(pk=other.pk).update(
        expires_at=row.expires_at + timedelta(seconds=1)
    )

    assert expire_invitations(row.expires_at - timedelta(seconds=1), 10) == 0
    assert expire_invitations(row.expires_at, 10) == 1
    assert expire_invitations(row.expires_at, 10) == 0

    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.status, other.status) == ("expired", "pending")
    [(_, told)] = notices(user)
    assert told.endswith("未及时回应担任“小满花店”店员的邀请。")


def test_one_is_open_at_a_time_but_an_overdue_one_stands_in_nobodys_way(api, shop):
    person = UserFactory()
    body = {"user_id": person.pk, "role": "clerk"}
    data(api.post(PATH, body), 201)

    with nothing_changes():
        assert refusal(api.post(PATH, body)) == (409, 14101)
    MerchantInvitation.objects.update(expires_at=timezone.now())
    data(api.post(PATH, body), 201)

    assert sorted(MerchantInvitation.objects.values_list("status", flat=True)) == [
        "expired", "pending",
    ]  # fmt: skip


def test_who_cannot_be_asked(api, user, shop):
    gone = UserFactory()
    gone.status = "disabled"
    gone.save()
    here = MemberFactory(merchant=shop).user

    with nothing_changes():
        for who, code in (
            ({"phone": "13700009999"}, 14031), ({"user_id": 10**9}, 14031),
            ({"user_id": gone.pk}, 14031),
        ):  # fmt: skip
            assert refusal(api.post(PATH, who | {"role": "clerk"})) == (422, code)
        for person in (here, user):
            answer = api.post(PATH, {"user_id": person.pk, "role": "clerk"})
            assert refusal(answer) == (409, 14030)
        both = {"user_id": here.pk, "phone": "13700009999", "role": "clerk"}
        for body in (both, {"role": "clerk"}, {"user_id": here.pk, "role": "owner"}):
            assert refusal(api.post(PATH, body)) == (400, 10400)
    assert MerchantInvitation.objects.count() == 0


def test_whether_somebody_works_elsewhere_only_they_hear(api, shop):
    """And nobody works for two."""
    for person in (MerchantFactory().user, MemberFactory().user):
        sent = data(api.post(PATH, {"user_id": person.pk, "role": "clerk"}), 201)

        with nothing_changes():
            assert refusal(Api(person).post(f"{PATH}/{sent['id']}/accept")) == (409, 14030)
    assert not MerchantMember.objects.filter(merchant=shop).exists()


def test_open_invitations_count_among_the_members(api, shop, monkeypatch):
    monkeypatch.setattr(invitations, "MOST", 2)
    MemberFactory(merchant=shop)
    row = InvitationFactory(merchant=shop)

    with nothing_changes():
        answer = api.post(PATH, {"user_id": UserFactory().pk, "role": "clerk"})
        assert refusal(answer) == (409, 14032)
    MemberFactory(merchant=shop)
    with nothing_changes():
        assert refusal(Api(row.user).post(f"{PATH}/{row.pk}/accept")) == (409, 14032)


@pytest.mark.parametrize("status", ["pending", "rejected", "suspended"])
def test_only_approved_merchants_take_people_in(api, user, shop, status):
    row = InvitationFactory(merchant=shop)
    type(shop).objects.update(status=status)

    with nothing_changes():
        answer = api.post(PATH, {"user_id": UserFactory().pk, "role": "clerk"})
        assert answer.status_code == 404
        assert refusal(Api(row.user).post(f"{PATH}/{row.pk}/accept")) == (409, 14103)
    assert data(api.post(f"{PATH}/{row.pk}/withdraw"))["status"] == "withdrawn"


def test_a_manager_asks_clerks_but_no_manager(shop):
    manager = Api(MemberFactory(merchant=shop, role="manager").user)
    body = {"user_id": UserFactory().pk}

    with nothing_changes():
        assert refusal(manager.post(PATH, body | {"role": "manager"})) == (403, 14100)
    sent = data(manager.post(PATH, body | {"role": "verifier"}), 201)

    assert [row["id"] for row in data(manager.get(PATH))["list"]] == [sent["id"]]
    theirs = InvitationFactory(merchant=shop)  # the owner's
    with nothing_changes():
        assert manager.post(f"{PATH}/{theirs.pk}/withdraw").status_code == 404
    assert data(manager.post(f"{PATH}/{sent['id']}/withdraw"))["status"] == "withdrawn"


def test_clerks_and_strangers_ask_nobody_and_see_nothing(api, shop):
    row = InvitationFactory(merchant=shop)
    people = [MemberFactory(merchant=shop, role=role).user for role in ("clerk", "verifier")]
    people.append(UserFactory())
    body = {"user_id": UserFactory().pk, "role": "clerk"}

    for person in map(Api, [*people, MerchantFactory(status="approved").user]):
        with nothing_changes():
            for answer in ("accept", "decline", "withdraw"):
                assert person.post(f"{PATH}/{row.pk}/{answer}").status_code == 404
        for path in (PATH, f"{PATH}/mine"):
            assert data(person.get(path))["list"] == []
    for person in map(Api, people):
        with nothing_changes():
            assert person.post(PATH, body).status_code == 404
    assert api.post(f"{PATH}/{row.pk}/accept").status_code == 404  # not theirs to accept
    row.refresh_from_db()
    assert row.status == "pending"


@pytest.mark.parametrize(("old", "new"), list(product(InvitationStatus, InvitationStatus)))
def test_an_invitation_moves_only_along_the_table(old, new):
    legal = old == "pending" and new != "pending"
    row = InvitationFactory()
    MerchantInvitation.objects.update(status=old)
    row.refresh_from_db()

    if legal:
        move(row, new)
    else:
        with pytest.raises(IllegalTransition):
            move(row, new)
    assert MerchantInvitation.objects.get().status == (new if legal else old)
    assert StatusChange.objects.filter(model="commerce.merchantinvitation").count() == legal


def test_lists_cost_the_same_however_long(api, shop):
    def cost():
        with CaptureQueriesContext(connection) as seen:
            data(api.get(PATH))
        return len(seen)

    InvitationFactory(merchant=shop)
    cost()
    one = cost()
    InvitationFactory.create_batch(4, merchant=shop)
    assert cost() == one


def test_the_back_office_shows_who_was_asked(client):
    row = InvitationFactory(merchant__business_name="小满花店")
    client.force_login(StaffFactory("admin"))

    queue = client.get("/admin/commerce/merchantinvitation/?status__exact=pending")
    page = client.get(reverse("admin:commerce_merchantinvitation_change", args=[row.pk]))

    assert "小满花店" in queue.content.decode()
    assert "待回应" in page.content.decode()
