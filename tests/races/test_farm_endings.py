"""What claims leave behind: documents that never change, ends that happen once (C-4, C-6, C-7)."""

import multiprocessing
import os
import signal
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import connection, connections

from accounts.models import Notification
from farm.models import AgreementFile, Animal, AnimalClaim
from farm.services.agreements import print_waiting
from farm.services.claims import end_due
from tests.factories.farm import AnimalFactory, FarmFactory, active
from tests.helpers import Api, together
from tests.races.figures import FULL, figure

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def fetched(claim) -> bytes:
    shown = Api(claim.user).get(f"/animals/claims/{claim.pk}").json()["data"]
    answer = Api().client.get(shown["agreement_url"])
    assert answer.status_code == 200
    assert shown["agreement_sha256"] == sha256(answer.content).hexdigest()
    return answer.content


def test_C4_a_hundred_documents_keep_every_byte():
    claims = [active() for _ in range(100 if FULL else 4)]
    n = len(claims)
    assert sum(together(4, lambda i: print_waiting(limit=n))) == n
    before = [fetched(claim) for claim in claims]

    for claim in claims:
        claim.animal.name, claim.animal.price, claim.animal.species = "大白", 1, "牛"
        claim.animal.save()
        claim.merchant.business_name = f"别的农场{claim.pk}"
        claim.merchant.save()
        type(claim.user).objects.filter(pk=claim.user_id).update(nickname="别名")
    print_waiting(limit=n)

    assert [fetched(claim) for claim in claims] == before
    stored = AgreementFile.objects.values_list("sha256", flat=True)
    assert sorted(stored) == sorted(sha256(content).hexdigest() for content in before)
    figure("C-4", f"{n} documents: downloads = hashes on record, 0 bytes changed by later edits")


def test_C6_two_beats_of_which_two_were_killed_end_each_claim_once():
    n = 1000 if FULL else 24
    ends_at = max(active().ends_at for _ in range(n)) + timedelta(seconds=1)
    kills = 0
    for share in (n // 5, n // 2):
        beat = multiprocessing.get_context("fork").Process(target=_beat, args=[ends_at, n])
        connections.close_all()
        beat.start()
        while beat.is_alive() and _ended() < share:
            beat.join(0.005)
        kills += beat.is_alive()
        os.kill(beat.pid, signal.SIGKILL) if beat.is_alive() else None
        beat.join()
        assert share <= _ended() <= n

    together(2, lambda i: end_due(now=ends_at, limit=n))

    assert (_ended(), Animal.objects.filter(status="available").count()) == (n, n)
    for template in ("claim_term_over", "claim_term_over_merchant"):
        assert Notification.objects.filter(template=template).count() == n
    figure("C-6", f"{n} due claims, {kills} beats killed, 2 more: {n} endings, {n} notices a side")


def _beat(ends_at, n) -> None:
    connection.ensure_connection()
    end_due(now=ends_at, limit=n)


def _ended() -> int:
    return AnimalClaim.objects.filter(status="ended", end_kind="term").count()


FORTY = [
    {"name": "大白"}, {"price": 1.00}, {"price": 99999.99}, {"term_months": 1}, {"species": "牛"},
    {"breed": "别的"}, {"farm_location": "北京"}, {"description": "不同"}, {"gender": "female"},
    {"merchant_id": "other"}, {"merchant": "other"}, {"status": "available"}, {"id": 1},
    {"claimed_by": 1}, {"is_offered": True}, {"lost_at": None}, {"price_paid": 1},
    {"ends_at": "2030-01-01T00:00:00Z"}, {"user_id": 1}, {"agreement": {}},
]  # fmt: skip


def facts(claim) -> tuple:
    claim.refresh_from_db()
    item = claim.order_item
    item.refresh_from_db()
    snapshot = {k: v for k, v in vars(claim).items() if not k.startswith("_")}
    money = (item.unit_price, item.amount, item.title, item.order.total_amount)
    return snapshot, money, claim.agreements.get().snapshot


def test_C7_forty_edits_by_the_farm_and_by_strangers_change_no_snapshot():
    farm = FarmFactory()
    claim = active(animal=AnimalFactory(merchant=farm, name="小黑", term_months=6))
    before, path = facts(claim), f"/merchants/animals/{claim.animal_id}"
    others = [FarmFactory() for _ in range(2)]
    codes = []
    for editor in (farm, others[0]):
        api = Api(editor.user)
        for edit in FORTY:
            body = {k: others[1].pk if v == "other" else v for k, v in edit.items()}
            codes.append(api.patch(path, body).status_code)
            assert facts(claim) == before, edit
        codes.append(api.delete(path).status_code)

    animal = Animal.objects.get(pk=claim.animal_id)
    assert (animal.merchant_id, animal.status) == (farm.pk, "claimed")
    assert codes[20] == 409  # the farm's own attempt to delete it
    assert set(codes[21:]) == {404}  # another farm's
    assert max(codes) < 500
    figure("C-7", f"{len(codes)} edits of an animal with a claim: its snapshot unchanged")
