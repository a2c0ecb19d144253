"""An invitation ends once, and a person works for one merchant, whatever happens at once."""

from collections import Counter

import pytest

from accounts.models import StatusChange
from commerce.models import Merchant, MerchantInvitation, MerchantMember
from commerce.services import invitations
from commerce.services.invitations import (
    accept_invitation,
    decline_invitation,
    invite_member,
    withdraw_invitation,
)
from commerce.services.merchants import register
from tests.factories.accounts import UserFactory
from tests.factories.commerce import InvitationFactory, MemberFactory, MerchantFactory
from tests.helpers import meeting, together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROUNDS = 10
LICENCE = {
    "merchant_type": "flower_shop", "business_name": "阿朱花店", "business_license": "913100",
    "contact_person": "阿朱", "contact_phone": "13755556666", "address": "上海市",
}  # fmt: skip


def kinds(outcomes) -> Counter:
    return Counter(type(outcome).__name__ for outcome in outcomes)


def moves(row) -> int:
    return StatusChange.objects.filter(
        model="commerce.merchantinvitation", object_pk=row.pk
    ).count()


def test_accepted_many_times_at_once_it_makes_one_member():
    for _ in range(ROUNDS):
        row = InvitationFactory()

        outcomes = kinds(together(6, lambda i, row=row: accept_invitation(row.pk, user=row.user)))

        assert outcomes == {"MerchantMember": 1, "IllegalTransition": 5}
        assert (MerchantMember.objects.filter(user=row.user).count(), moves(row)) == (1, 1)


def test_accepted_declined_and_withdrawn_at_once_it_has_one_end():
    for _ in range(ROUNDS):
        row = InvitationFactory()
        acts = [
            lambda row=row: accept_invitation(row.pk, user=row.user),
            lambda row=row: decline_invitation(row.pk, user=row.user),
            lambda row=row: withdraw_invitation(row.pk, actor=row.merchant.user),
        ]

        outcomes = kinds(together(6, lambda i, acts=acts: acts[i % 3]()))

        row.refresh_from_db()
        assert outcomes["IllegalTransition"] == 5
        assert moves(row) == 1
        member = MerchantMember.objects.filter(user=row.user).exists()
        assert member == (row.status == "accepted")


def test_a_person_who_accepts_two_and_opens_a_shop_at_once_gets_one_of_the_three():
    for _ in range(ROUNDS):
        person = UserFactory()
        rows = InvitationFactory.create_batch(2, user=person)
        acts = [
            lambda rows=rows, person=person: accept_invitation(rows[0].pk, user=person),
            lambda rows=rows, person=person: accept_invitation(rows[1].pk, user=person),
            lambda person=person: register(user=person, **LICENCE),
        ]

        outcomes = kinds(together(3, lambda i, acts=acts: acts[i]()))

        assert outcomes["MemberExists"] == 2, outcomes
        assert Merchant.objects.of(person).count() == 1


def test_the_last_place_is_taken_once(monkeypatch):
    monkeypatch.setattr(invitations, "MOST", 3)
    for _ in range(ROUNDS):
        merchant = MerchantFactory(status="approved")
        MemberFactory.create_batch(2, merchant=merchant)
        rows = InvitationFactory.create_batch(4, merchant=merchant)

        outcomes = kinds(
            together(4, lambda i, rows=rows: accept_invitation(rows[i].pk, user=rows[i].user))
        )

        assert outcomes == {"MerchantMember": 1, "TooManyMembers": 3}
        assert merchant.members.count() == 3


def test_a_person_is_asked_once_at_a_time():
    for _ in range(ROUNDS):
        merchant, person = MerchantFactory(status="approved"), UserFactory()

        outcomes = kinds(
            together(
                4,
                lambda i, merchant=merchant, person=person: invite_member(
                    actor=merchant.user, role="clerk", user_id=person.pk
                ),
            )
        )

        assert outcomes == {"MerchantInvitation": 1, "InvitationOpen": 3}
        assert MerchantInvitation.objects.filter(user=person).count() == 1


def test_negative_control_of_the_last_place(monkeypatch, no_locks):
    """Without locks both count before either joins."""
    meet, honest = meeting(2), invitations._check

    def look_together(invitation):
        honest(invitation)
        meet()

    monkeypatch.setattr(invitations, "MOST", 1)
    monkeypatch.setattr(invitations, "_check", look_together)
    merchant = MerchantFactory(status="approved")
    rows = InvitationFactory.create_batch(2, merchant=merchant)

    outcomes = kinds(together(2, lambda i: accept_invitation(rows[i].pk, user=rows[i].user)))

    assert outcomes == {"MerchantMember": 2}
    assert merchant.members.count() == 2  # of one place
