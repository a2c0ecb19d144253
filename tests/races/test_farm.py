"""Many who want the same animal, or do the same thing to its claim at once (invariants C)."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts.models import Notification
from commerce.models import Order, OrderItem, Refund
from commerce.services.orders import cancel_order, expire_order
from config.db import LockingQuerySet
from config.prepared import forget_compiled
from farm.errors import AnimalClaimed, AnimalUnavailable
from farm.models import AgreementFile, Animal, AnimalClaim
from farm.services import agreements, animals, availability, claiming, claims, renewing
from farm.services.animals import delete_animal, offer_animal, report_loss
from farm.services.claims import claim_animal, end_due, end_early
from farm.services.links import agreement_url
from farm.services.renewing import renew_claim
from tests.factories.commerce import pay as pay_order
from tests.factories.farm import AnimalFactory, active, claimant, claimed
from tests.helpers import Api, meeting, together
from tests.races.figures import FULL, figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def rounds(number):
    return pytest.mark.parametrize("round_", range(number))


def kinds(outcomes):
    return Counter(type(outcome).__name__ for outcome in outcomes)


def rows():
    """(orders, items, claims): all of one claim or none of it."""
    return Order.objects.count(), OrderItem.objects.count(), AnimalClaim.objects.count()


def status_of(animal) -> str:
    return Animal.objects.values_list("status", flat=True).get(pk=animal.pk)


def attempt(user, animal):
    return claim_animal(animal.pk, user=user, price_paid=animal.price)


def test_C1_one_animal_goes_to_one_of_many():
    people = [claimant() for _ in range(size(2000))]
    animal = AnimalFactory()

    outcomes = storm(len(people), lambda i: attempt(people[i], animal))

    assert kinds(outcomes) == {"AnimalClaim": 1, "AnimalUnavailable": len(people) - 1}
    assert rows() == (1, 1, 1)
    assert status_of(animal) == "unavailable"
    figure("C-1", f"{len(people)} people, 1 animal: 1 order, {len(people) - 1} refused")


def test_C1_over_http_losers_get_409_and_nobody_a_500():
    apis = [Api(claimant()) for _ in range(16)]
    animal = AnimalFactory()

    def ask(i):
        body = {"price_paid": 1000.00}
        return apis[i].post(f"/animals/{animal.pk}/claim", body, key=f"key-{i:08}")

    answers = together(16, ask)

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 15}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {AnimalUnavailable.code}
    assert rows() == (1, 1, 1)


def test_C1_the_unique_live_animal_alone_keeps_it_single(monkeypatch):
    """The second net: with the conditional UPDATE gone the database still refuses."""
    monkeypatch.setattr(claiming, "take", lambda animal_id: True)
    people = [claimant() for _ in range(16)]
    animal = AnimalFactory()

    outcomes = together(16, lambda i: attempt(people[i], animal))

    assert kinds(outcomes) == {"AnimalClaim": 1, "AnimalUnavailable": 15}
    assert rows() == (1, 1, 1)


def test_C1_without_its_guards_the_animal_is_sold_more_than_once(monkeypatch):
    """The negative control: no conditional UPDATE, no unique live animal."""
    monkeypatch.setattr(claiming, "take", lambda animal_id: True)
    people = [claimant() for _ in range(8)]
    animal = AnimalFactory()
    index = drop_live_animal()
    try:
        outcomes = together(8, lambda i: attempt(people[i], animal))

        assert kinds(outcomes) == {"AnimalClaim": 8}
    finally:
        AnimalClaim.objects.all().delete()
        restore_live_animal(index)


def drop_live_animal() -> str:
    """Take the unique constraint on live_animal away; what restores it."""
    table = AnimalClaim._meta.db_table
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
        name = next(
            name
            for name, info in found.items()
            if info["columns"] == ["live_animal"] and info["unique"]
        )
        what = "CONSTRAINT" if connection.vendor == "postgresql" else "INDEX"
        cursor.execute(f"ALTER TABLE {table} DROP {what} {name}")
    return name


def restore_live_animal(name: str) -> None:
    table = AnimalClaim._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE (live_animal)")


@rounds(3)
def test_one_person_never_holds_more_unpaid_claims_than_allowed(round_):
    person, flock = claimant(), AnimalFactory.create_batch(12)

    outcomes = together(12, lambda i: attempt(person, flock[i]))

    assert kinds(outcomes) == {"AnimalClaim": 3, "TooManyClaims": 9}
    assert Animal.objects.filter(status="available").count() == 9


def test_without_their_queue_they_would(monkeypatch):
    """The negative control: all have counted before one of them writes."""
    person, flock = claimant(), AnimalFactory.create_batch(6)
    all_have_counted, count = meeting(6), claiming.unpaid_claims

    def count_and_wait(user):
        counted = count(user)
        all_have_counted()
        return counted

    monkeypatch.setattr(claiming, "unpaid_claims", count_and_wait)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **kwargs: rows)
    forget_compiled()

    outcomes = together(6, lambda i: attempt(person, flock[i]))

    forget_compiled()
    assert kinds(outcomes) == {"AnimalClaim": 6}


@rounds(6)
def test_C2_payment_against_expiry_has_one_ending(round_):
    claim = claimed()
    order = claim.order_item.order
    jobs = [
        lambda: pay_order(order),
        lambda: expire_order(order.pk, now=order.expires_at),
        lambda: expire_order(order.pk, now=order.expires_at),
    ]

    outcomes = together(3, lambda i: jobs[i]())

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    claim.refresh_from_db()
    order.refresh_from_db()
    ending = (claim.status, order.status, status_of(claim.animal), order.refunds.count())
    assert ending in {
        ("active", "paid", "claimed", 0),
        ("cancelled", "expired", "available", 1),
    }


def test_C2_a_claim_is_never_seen_active_before_its_money():
    claim, seen = claimed(), []
    polls = size(10_000)

    def look():
        for _ in range(polls):
            row = AnimalClaim.objects.values_list("status", "order_item__order__status")
            seen.append(row.get(pk=claim.pk))

    together(2, lambda i: look() if i else pay_order(claim.order_item.order))

    assert set(seen) <= {("pending", "pending"), ("active", "paid")}
    assert seen[-1] == ("active", "paid")
    figure("C-2", f"{polls} looks: never active without its money")


def test_C3_the_status_follows_from_the_claims_after_every_step():
    """Claiming, paying, giving up, ending and toggling, all at random and at once."""
    herd = [AnimalFactory() for _ in range(3)]
    people = [claimant() for _ in range(6)]
    steps = size(1000) // len(people)

    def life(i):
        pick, made = random.Random(i), []
        for _ in range(steps):
            animal = pick.choice(herd)
            try:
                _step(pick, made, people[i], animal)
            except Exception as error:
                if not hasattr(error, "code"):
                    raise
        return "done"

    assert together(len(people), life) == ["done"] * len(people)

    for animal in herd:
        animal.refresh_from_db()
        assert animal.status == availability._status_of(animal)
        assert AnimalClaim.objects.live().filter(animal=animal).count() <= 1
    done = Counter(AnimalClaim.objects.values_list("status", flat=True))
    figure("C-3", f"{steps * len(people)} random steps: {dict(sorted(done.items()))}, all agree")


def _step(pick, made, person, animal):
    match pick.randrange(5):
        case 0:
            offered = bool(pick.randrange(4))
            offer_animal(animal.pk, user=animal.merchant.user, offered=offered)
        case 1 if made:
            claim = made.pop()
            cancel_order(claim.order_item.order_id, actor=person)
        case 2 if made:
            claim = made.pop()
            pay_order(claim.order_item.order)
            end_early(claim.pk, actor=animal_owner(claim), reason="同意")
        case _:
            made.append(attempt(person, animal))


def animal_owner(claim):
    return claim.merchant.user


def test_C3_toggling_against_claiming_without_the_lock_disagrees(monkeypatch):
    """The negative control: the merchant looks at the claims without holding the animal, and
    writes when somebody has claimed it in between."""
    animal, person = AnimalFactory(), claimant()
    has_looked, is_claimed, look = meeting(2), meeting(2), availability._status_of

    def slowly(animal):
        status = look(animal)
        has_looked()
        is_claimed()
        return status

    def claim():
        has_looked()
        attempt(person, animal)
        is_claimed()

    monkeypatch.setattr(animals, "_own", lambda pk, user: Animal.objects.get(pk=pk))
    monkeypatch.setattr(availability, "_status_of", slowly)
    jobs = [lambda: offer_animal(animal.pk, user=animal.merchant.user, offered=True), claim]

    together(2, lambda i: jobs[i]())

    assert AnimalClaim.objects.live().filter(animal=animal).count() == 1
    assert status_of(animal) == "available"  # which it is not


@rounds(6)
def test_C3_toggling_against_claiming_agrees(round_):
    animal, person = AnimalFactory(), claimant()
    jobs = [
        lambda: offer_animal(animal.pk, user=animal.merchant.user, offered=bool(round_ % 2)),
        lambda: attempt(person, animal),
    ]

    outcomes = together(2, lambda i: jobs[i]())

    animal.refresh_from_db()
    assert animal.status == availability._status_of(animal)
    assert set(kinds(outcomes)) <= {
        "Animal", "AnimalClaim", AnimalClaimed.__name__, AnimalUnavailable.__name__,
    }  # fmt: skip


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
    assert animal.status == availability._status_of(animal)
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
    path, _, token = url.partition("/api/v1")[2].partition("?token=")
    pick, browser = random.Random(5), Api()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    def forged() -> str:
        place = pick.randrange(len(token) - 1)  # the last letter has bits that say nothing
        other = pick.choice([letter for letter in letters if letter != token[place]])
        return f"{token[:place]}{other}{token[place + 1 :]}"

    answers = Counter(browser.get(f"{path}?token={forged()}").status_code for _ in range(n))

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


def test_without_locks_the_money_would_be_kept_for_nothing(monkeypatch):
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
    monkeypatch.setattr(LockingQuerySet, "locked", lambda rows: rows.order_by("pk"))
    forget_compiled()

    together(2, lambda i: jobs[i]())

    forget_compiled()
    assert ending_of(claim, renewal) == ("ended", "paid", False)
