"""What happens once to claims: their agreement, their end, their renewal (invariants C)."""

import random
from collections import Counter
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.db import connection

from accounts.models import Notification
from commerce.models import Order, Refund
from farm.models import AgreementFile, Animal, AnimalClaim
from farm.services import agreements, claims, renewing
from farm.services.animals import delete_animal, report_loss
from farm.services.claims import end_due, end_early
from farm.services.links import agreement_url
from farm.services.renewing import renew_claim
from tests.factories.commerce import pay as pay_order
from tests.factories.farm import AnimalFactory, active, claimant, claimed
from tests.helpers import Api, meeting, together
from tests.races.farm_tools import attempt, due_status, kinds, rounds
from tests.races.figures import FULL, figure, size

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def test_C4_printed_fifty_times_at_once_it_is_one_document():
    claim = active()
    agreement = claim.agreements.get()
    times = 50 if FULL else 16

    outcomes = together(times, lambda i: agreements.print_one(agreement.pk))

    assert Counter(outcomes) == {True: 1, False: times - 1}
    agreement.refresh_from_db()
    assert (AgreementFile.objects.count(), agreement.status) == (1, "ready")
    figure("C-4", f"printed {times} times at once: one document")


def test_C4_without_the_unique_row_there_are_several(monkeypatch):
    """The negative control: look whether somebody printed it, then write; the row is not unique."""
    claim = active()
    agreement = claim.agreements.get()
    all_looked, written = meeting(4), []

    def look_then_write(agreement_id, content):
        free = not AgreementFile.objects.filter(agreement=agreement_id).exists()
        all_looked()
        if free:
            written.append(content)
        return free

    monkeypatch.setattr(agreements, "_keep", look_then_write)

    assert together(4, lambda i: agreements.print_one(agreement.pk)) == [True] * 4
    assert len(written) == 4


def due_claims(number: int):
    made = [active() for _ in range(number)]
    end = max(claim.ends_at for claim in made) + timedelta(seconds=1)
    return made, end


def test_C6_two_beats_end_each_claim_once():
    number = size(1000) if FULL else 40
    _made, end = due_claims(number)

    outcomes = together(2, lambda i: end_due(now=end, limit=number))

    assert sum(outcomes) == number
    assert AnimalClaim.objects.filter(status="ended", end_kind="term").count() == number
    assert Animal.objects.filter(status="available").count() == number
    told = {
        code: Notification.objects.filter(template=code).count()
        for code in ("claim_term_over", "claim_term_over_merchant")
    }
    assert told == {"claim_term_over": number, "claim_term_over_merchant": number}
    figure("C-6", f"{number} due claims, 2 beats: {number} endings, {number} notices a side")


def test_C6_without_the_lock_and_the_second_look_a_claim_ends_twice(monkeypatch):
    """The negative control: two who both saw it active, and a move that asks no question."""
    [claim], end = due_claims(1)
    both_looked, ended = meeting(2), []

    def careless(claim_id):
        rows = AnimalClaim.objects.select_related("merchant")
        claim = rows.get(pk=claim_id)
        both_looked()
        return Order.objects.get(items__animal_claim=claim), claim

    def blind(instance, to, **changes):
        ended.append(instance.pk)

    monkeypatch.setattr(claims, "_lock", careless)
    monkeypatch.setattr(claims, "move", blind)

    together(2, lambda i: claims._end_due(claim.pk, end))

    assert ended == [claim.pk, claim.pk]


@rounds(4)
def test_ended_by_many_at_once_it_is_refunded_once(round_):
    claim = active()

    outcomes = together(8, lambda i: end_early(claim.pk, actor=claim.merchant.user, reason="同意"))

    assert kinds(outcomes) == {"AnimalClaim": 1, "IllegalTransition": 7}
    assert Refund.objects.count() == 1


@rounds(4)
def test_the_loss_of_an_animal_against_its_claim_leaves_none_alive(round_):
    animal, person = AnimalFactory(), claimant()
    owner = animal.merchant.user
    jobs = [
        lambda: attempt(person, animal),
        lambda: report_loss(animal.pk, actor=owner, reason="走失"),
    ]

    together(2, lambda i: jobs[i]())

    animal.refresh_from_db()
    assert animal.status == due_status(animal)
    live = AnimalClaim.objects.live().filter(animal=animal).count()
    assert (animal.lost_at is None) or live == 0


@rounds(4)
def test_C7_deleting_against_claiming_leaves_no_claim_without_its_animal(round_):
    animal, person = AnimalFactory(), claimant()
    jobs = [
        lambda: attempt(person, animal),
        lambda: delete_animal(animal.pk, user=animal.merchant.user),
    ]

    outcomes = together(2, lambda i: jobs[i]())

    there, claims_made = Animal.objects.count(), AnimalClaim.objects.count()
    assert (there, claims_made) in {(1, 1), (0, 0)}
    assert set(kinds(outcomes)) <= {"AnimalClaim", "NoneType", "NotFound", "AnimalInUse"}


def test_the_animal_is_locked_before_its_claim():
    """As every other path does, so that no two wait for each other."""
    from django.test.utils import CaptureQueriesContext

    claim = claimed()
    with CaptureQueriesContext(connection) as queries:
        pay_order(claim.order_item.order)
    locks = [
        query["sql"].replace("`", "").replace('"', "").split("FROM ")[1].split()[0]
        for query in queries
        if "FOR " in query["sql"] and query["sql"].rstrip().endswith("UPDATE")
    ]
    mine = [
        table for table in locks if table in {"commerce_order", "farm_animal", "farm_animalclaim"}
    ]
    assert mine == ["commerce_order", "farm_animal", "farm_animalclaim"]


def test_C5_forged_links_open_no_agreement():
    """The size that the invariants name for 5,000 links; each in another place wrong."""
    claim, n = active(), size(5000)
    agreements.print_waiting()
    agreement = claim.agreements.get()
    url = agreement_url(agreement.pk, user_id=claim.user_id)
    path, _, token = unquote(url).partition("/api/v1")[2].partition("?token=")
    pick, browser = random.Random(5), Api()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    def forged() -> str:
        place = pick.randrange(len(token) - 1)  # the last letter has bits that say nothing
        other = pick.choice([letter for letter in letters if letter != token[place]])
        return f"{token[:place]}{other}{token[place + 1 :]}"

    answers = Counter(browser.get(path, {"token": forged()}).status_code for _ in range(n))

    assert answers == {403: n}
    figure("C-5", f"{n} forged links: none opened")


def renewal_and_end():
    """A claim with a renewal that is not paid yet, and two jobs: its money comes, the claim is
    ended early."""
    claim = active()
    AnimalClaim.objects.filter(pk=claim.pk).update(ends_at=claim.claimed_at + timedelta(days=30))
    price = claim.animal.price
    renewal = renew_claim(claim.pk, user=claim.user, price_paid=price)
    order = renewal.order_item.order
    jobs = [
        lambda: pay_order(order),
        lambda: end_early(claim.pk, actor=claim.merchant.user, reason="转场"),
    ]
    return claim, renewal, jobs


def ending_of(claim, renewal) -> tuple:
    """(claim, renewal, whether its money goes back)."""
    claim.refresh_from_db()
    renewal.refresh_from_db()
    back = Refund.objects.filter(order=renewal.order_item.order, amount=renewal.price_paid)
    return claim.status, renewal.status, back.exists()


@rounds(6)
def test_M7_a_renewal_paid_while_the_claim_ends_buys_a_term_or_goes_back(round_):
    claim, renewal, jobs = renewal_and_end()

    together(2, lambda i: jobs[i]())

    assert ending_of(claim, renewal) in {
        ("ended", "paid", True),  # paid first, then ended: none of the further term was used
        ("ended", "cancelled", True),  # ended first
        ("active", "paid", False),  # ended in this very moment: the farm tries again
    }


def test_without_locks_the_money_would_be_kept_for_nothing(monkeypatch, no_locks):
    """The negative control: each has looked before the other one writes."""
    claim, renewal, jobs = renewal_and_end()
    both_have_looked = meeting(2)
    periods, later = claims.periods_of, renewing.months_later

    def look_and_wait(look, *args):
        seen = look(*args)
        both_have_looked()
        return seen

    monkeypatch.setattr(claims, "periods_of", lambda c: look_and_wait(periods, c))
    monkeypatch.setattr(renewing, "months_later", lambda *when: look_and_wait(later, *when))

    together(2, lambda i: jobs[i]())

    assert ending_of(claim, renewal) == ("ended", "paid", False)
