"""Many who want the same animal at once (invariants C)."""

import random
from collections import Counter

import pytest
from django.db import connection
from django.db.models import QuerySet

from commerce.services.orders import cancel_order, expire_order
from config.prepared import forget_compiled
from farm.errors import AnimalClaimed, AnimalUnavailable
from farm.models import Animal, AnimalClaim
from farm.services import animals, availability, claiming
from farm.services.animals import offer_animal
from farm.services.claims import end_early
from tests.factories.commerce import pay as pay_order
from tests.factories.farm import AnimalFactory, claimant, claimed
from tests.helpers import Api, meeting, together
from tests.races.farm_tools import attempt, due_status, kinds, rounds, rows, status_of
from tests.races.figures import figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


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
        assert animal.status == due_status(animal)
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

    def slowly(animal, live):
        status = look(animal, live)
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
    assert animal.status == due_status(animal)
    assert set(kinds(outcomes)) <= {
        "Animal", "AnimalClaim", AnimalClaimed.__name__, AnimalUnavailable.__name__,
    }  # fmt: skip
