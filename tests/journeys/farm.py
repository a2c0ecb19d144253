"""The story of a claim over HTTP: claim, pay, hold the agreement, read news, end it early.

`python -m tests.journeys.farm` tells it alone (tests.journeys.telling).
"""

import sys
import uuid
from hashlib import sha256

import httpx

from tests.journeys.client import Person, expect, until
from tests.journeys.stack import Stack
from tests.journeys.steps import Journey
from tests.journeys.telling import tell


def run(stack: Stack) -> None:
    journey = Journey(stack)
    alice, bob = journey.newcomer("谷雨"), journey.newcomer("小雪")
    farm = journey.login("farm_owner")
    animal = _animal(journey, farm, alice)
    claim = _claim(journey, alice, bob, animal)
    _pay(journey, alice, claim)
    _agreement(journey, alice, bob, claim)
    _news(journey, alice, farm, animal)
    _end(journey, alice, farm, claim)
    journey.story.step("journey complete")


def _animal(journey: Journey, farm: Person, alice: Person) -> dict:
    """One of the demo's farm, as everybody finds it."""
    own = farm.get("/merchants/animals", listing="published", price_max=200, size=100)["list"]
    wanted = next(row for row in own if row["status"] == "available" and row["price"])
    found = alice.get("/animals", species=wanted["species"], size=100)["list"]
    expect(wanted["id"] in {row["id"] for row in found}, "the animal is found by its species")
    journey.story.step("an animal", id=wanted["id"], called=wanted["name"], price=wanted["price"])
    return wanted


def _claim(journey: Journey, alice: Person, bob: Person, animal: dict) -> dict:
    path, wish = f"/animals/{animal['id']}/claim", {"price_paid": animal["price"]}
    refused = alice.post(path, wish, status=422)
    expect(refused["data"]["kind"] == "claim", "claiming asks for the agreement first")
    for person in (alice, bob):
        version = person.get("/agreements/claim")["version"]
        person.post("/consents", {"kind": "claim", "version": version}, status=201)
    cheap = alice.post(path, {"price_paid": 0.01}, status=409)
    expect(cheap["data"] == {"price": animal["price"]}, "409 with the price now")

    key = uuid.uuid4().hex
    first, again = (alice.send(path, wish, key=key) for _ in range(2))
    expect(first.status_code == again.status_code == 201, f"claimed: {first.text[:300]}")
    expect(first.content == again.content, "same key, same answer")
    bob.post(path, wish, status=409)
    claim = first.json()["data"]
    expect(
        claim["status"] == "pending" and claim["agreement_url"] is None, "it waits for its money"
    )
    expect(alice.get(f"/animals/{animal['id']}")["status"] == "unavailable", "the animal is held")
    journey.story.step("claimed once, refused to another", order=claim["order_number"])
    return claim


def _pay(journey: Journey, alice: Person, claim: dict) -> None:
    """With the parameters that the claim itself brought; the notice comes twice."""
    payment = claim["payment"]
    paid = journey.sandbox.request_payment(
        payment["client_parameters"] | {"appId": payment["app_id"]},
        persona=alice.persona["id"], copies=2,
    )  # fmt: skip
    expect(paid, "the sandbox verified paySign")
    path = f"/animals/claims/{claim['id']}"
    until("active", lambda: alice.get(path)["status"] == "active")
    expect(alice.get(f"/animals/{claim['animal_id']}")["status"] == "claimed", "it is claimed")
    mine = alice.get("/animals/claims")["list"]
    expect([row["id"] for row in mine] == [claim["id"]], "it is among one's own")
    journey.story.step("paid, notice delivered twice, active", number=payment["payment"]["number"])


def _agreement(journey: Journey, alice: Person, bob: Person, claim: dict) -> None:
    path = f"/animals/claims/{claim['id']}"
    url = until("printed", lambda: alice.get(path)["agreement_url"])
    shown = alice.get(path)
    document = httpx.get(url, timeout=20, trust_env=False)
    expect(document.status_code == 200 and document.content[:5] == b"%PDF-", "it is a PDF")
    hashed = sha256(document.content).hexdigest()
    expect(hashed == shown["agreement_sha256"], "its hash is the one on record")
    expect(httpx.get(url[:-3], trust_env=False).status_code == 403, "a forged link opens nothing")
    headers = bob.http.headers
    expect(
        httpx.get(url, headers=headers, trust_env=False).status_code == 403, "nor does another's"
    )
    journey.story.step("agreement downloaded, hash equal", number=shown["agreement_number"])


def _news(journey: Journey, alice: Person, farm: Person, animal: dict) -> None:
    path = f"/animals/{animal['id']}/updates"
    news = {"update_type": "diary", "content": "今天第一次出远门", "visibility": "claimants"}
    posted = farm.post(f"/merchants{path}", news, status=201)
    expect(posted["id"] in {row["id"] for row in alice.get(path)["list"]}, "the claimant sees it")
    anybody = Person(journey.base_url).get(path)["list"]
    expect(posted["id"] not in {row["id"] for row in anybody}, "nobody else does")
    titles = [row["title"] for row in alice.get("/notifications", size=50)["list"]]
    expect("动物有新动态" in titles and "认领成功" in titles, "told in the app")
    journey.story.step("an update for the claimant", update=posted["id"])


def _end(journey: Journey, alice: Person, farm: Person, claim: dict) -> None:
    path = f"/animals/claims/{claim['id']}"
    preview = alice.get(f"{path}/end-preview")
    expect(0 < preview["refund"] <= claim["price_paid"], "a share is left")
    alice.post(f"{path}/end", {"reason": "搬家"})
    asked = farm.get("/merchants/claims", end_asked="true", size=100)["list"]
    expect(claim["id"] in {row["id"] for row in asked}, "its farm sees the wish")
    farm.post(f"/merchants/claims/{claim['id']}/end", {"reason": "同意"})

    order = until("refunded", lambda: _refunded(alice, claim))
    expect(order["refunded_amount"] == preview["refund"], "as much as the preview said")
    ended = alice.get(path)
    expect((ended["status"], ended["end_kind"]) == ("ended", "early"), "the claim has ended")
    expect(alice.get(f"/animals/{claim['animal_id']}")["status"] == "available", "free again")
    number = claim["payment"]["payment"]["number"]
    kept = journey.sandbox.book()["net_by_trade"][number]
    expect(kept == round((claim["price_paid"] - preview["refund"]) * 100), "the provider agrees")
    journey.story.step("ended early, a share refunded", amount=order["refunded_amount"])


def _refunded(person: Person, claim: dict) -> dict | None:
    found = person.get("/order", kind="animal_claim")["list"]
    order = next(row for row in found if row["order_number"] == claim["order_number"])
    return order if order["status"] == "refunded" else None


if __name__ == "__main__":
    sys.exit(tell(run))
