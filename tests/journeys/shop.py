"""A product over HTTP: offered, reviewed, ordered once, paid, refunded; shipped and confirmed.

`python -m tests.journeys.shop` starts a stack of its own; with BASE_URL (and MANIFEST, the file
`manage.py demo --manifest` wrote) it goes through a running one.  Exit 1 at the first step that is
not as promised.
"""

import json
import os
import sys
import uuid
from pathlib import Path

from tests.journeys.client import NotAsPromised, Person, expect, until
from tests.journeys.stack import Stack, running_stack
from tests.journeys.steps import Journey, pay

ADDRESS = {
    "receiver": "周小舟", "phone": "13733334444", "region": "浙江省 杭州市 西湖区",
    "detail": "文三路 1 号",
}  # fmt: skip
PIECES = 5


def offer(journey: Journey, seller: Person, stock: int = PIECES) -> dict:
    """A new product of the demo's merchant, on sale after staff looked at it."""
    name = f"向日葵花束 {journey.run_id}"
    body = {
        "name": name, "description": "十二枝，当日鲜切", "price": 68.5, "category": "鲜花",
        "image_url": "https://img.example.com/sunflower.jpg", "status": "on_sale", "stock": stock,
    }  # fmt: skip
    product = seller.post("/merchants/products", body, status=201)
    expect(product["status"] == "reviewing", "staff look at it first")
    visitor = Person(journey.base_url)
    expect(visitor.get("/products", search=name)["list"] == [], "nobody sees it yet")

    page = f"/admin/commerce/product/?q={journey.run_id}"
    admin = journey.staff("admin")
    expect(name in admin.page(page), "it is in the review queue")
    admin.act("/admin/commerce/product/", "approve", product["id"])
    found = visitor.get("/products", search=f"葵花束 {journey.run_id}")["list"]
    expect([row["id"] for row in found] == [product["id"]], "found by a part of its Chinese name")
    journey.story.step("offered, reviewed, found", product=product["id"])
    return found[0]


def order_once(journey: Journey, buyer: Person, product: dict) -> dict:
    line = {
        "kind": "product", "target_id": product["id"], "quantity": 2, "expected_price": 68.5,
    }  # fmt: skip
    wish = {"items": [line], "remark": "放门口即可"}
    refused = buyer.post("/order", wish, status=422)
    expect(refused["code"] == 14021, "it needs an address")
    address = buyer.post("/addresses", ADDRESS, status=201)
    expect(address["is_default"], "the first address is the default")
    wish["address_id"] = address["id"]
    dear = {**wish, "items": [line | {"expected_price": 60}]}
    expect(buyer.post("/order", dear, status=409)["data"] == {"price": 68.5}, "the server's price")
    greedy = {**wish, "items": [line | {"quantity": PIECES + 1}]}
    expect(buyer.post("/order", greedy, status=409)["code"] == 14025, "no more than there are")

    key = uuid.uuid4().hex
    first = buyer.send("/order", wish, key=key)
    expect(first.status_code == 201, f"ordered: {first.text[:300]}")
    again = buyer.send("/order", wish, key=key)
    expect(again.status_code == 201 and again.content == first.content, "same key, same answer")
    order = first.json()["data"]
    expect(order["total_amount"] == 137.0, "two pieces")
    expect(order["delivery_address"] == ADDRESS, "the address is copied")
    expect(left(journey, product) == PIECES - 2, "two pieces are held, once")
    journey.story.step("ordered once", number=order["order_number"], amount=order["total_amount"])
    return order


def left(journey: Journey, product: dict) -> int:
    return Person(journey.base_url).get(f"/products/{product['id']}")["stock"]


def paid(journey: Journey, buyer: Person, seller: Person, order: dict, product: dict) -> None:
    pay(journey, buyer, order)
    until("paid", lambda: buyer.get(f"/order/{order['id']}")["status"] == "paid")
    mine = seller.get(f"/merchants/products/{product['id']}")
    expect((mine["stock"], mine["held"], mine["sold"]) == (PIECES - 2, 0, 2), "two are sold")
    moves = seller.get(f"/merchants/products/{product['id']}/movements")["list"]
    expect(
        [(row["movement"], row["quantity"], row["order_id"]) for row in moves]
        == [("sell", 2, order["id"]), ("reserve", 2, order["id"]), ("adjust", PIECES, None)],
        "the history tells why",
    )
    notices = seller.get("/notifications", size=50)["list"]
    news = [row for row in notices if order["order_number"] in row["body"]]
    expect([row["title"] for row in news] == ["您有新订单"], "the merchant heard of it, once")
    served = seller.get("/merchants/orders", size=100)["list"]
    expect(order["id"] in {row["id"] for row in served}, "the merchant sees it")
    whole = seller.get(f"/merchants/orders/{order['id']}")
    expect(whole["delivery_address"]["receiver"] == ADDRESS["receiver"], "and where it goes")
    journey.story.step("paid, notice delivered twice, sold once; the merchant knows")


def refunded(journey: Journey, buyer: Person, order: dict, product: dict) -> None:
    body = {"order_id": order["id"], "reason_code": "other", "reason": "不想要了"}
    refund = buyer.post("/refund", body, status=201)
    journey.staff("finance").act("/admin/commerce/refund/", "approve", refund["id"])
    until("refunded", lambda: buyer.get(f"/order/{order['id']}")["status"] == "refunded")
    expect(left(journey, product) == PIECES, "what was not sent can be sold again")
    kept = journey.sandbox.book()["net_by_trade"]
    expect(min(kept.values()) >= 0, f"more went back than came: {kept}")
    journey.story.step("refunded, the pieces are back", refund=refund["refund_number"])


def sent(journey: Journey, buyer: Person, seller: Person, product: dict) -> None:
    """Another order goes all the way: shipped by the merchant, confirmed by its buyer."""
    address = buyer.get("/addresses")["list"][0]
    line = {"kind": "product", "target_id": product["id"], "quantity": 1}
    order = buyer.post("/order", {"items": [line], "address_id": address["id"]}, status=201)
    pay(journey, buyer, order)
    until("paid", lambda: buyer.get(f"/order/{order['id']}")["status"] == "paid")
    parcel = {"carrier": "SF", "tracking_number": f"SF{journey.run_id.upper()}"}
    seller.post(f"/merchants/orders/{order['id']}/ship", {"parcels": [parcel]})
    expect(buyer.get(f"/order/{order['id']}")["status"] == "shipped", "on its way")
    told = until("WeChat heard of it", lambda: told_of(journey, parcel["tracking_number"]))
    expect(told["uploads"] == 1, "once")
    expect(buyer.post(f"/order/{order['id']}/confirm")["status"] == "completed", "arrived")
    said = {"rating": 5, "comment": "花很新鲜", "is_anonymous": True}
    review = buyer.post(f"/order/{order['id']}/review", said, status=201)
    shown = Person(journey.base_url).get(f"/merchants/{order['merchant_id']}/reviews")["list"]
    expect(shown[0]["id"] == review["id"], "everybody reads what the buyer says")
    expect(shown[0]["author"] == "匿名用户", "and not who it was")
    mine = seller.get(f"/merchants/products/{product['id']}")
    expect((mine["stock"], mine["held"], mine["sold"]) == (PIECES - 1, 0, 1), "one is sold")
    journey.story.step("shipped, told to WeChat, confirmed, reviewed", number=order["order_number"])


def told_of(journey: Journey, tracking_number: str) -> dict | None:
    """The shipping information that WeChat has of that parcel."""
    for row in journey.sandbox.deliveries():
        if row["body"]["shipping_list"][0].get("tracking_no") == tracking_number:
            return row
    return None


def given_up(journey: Journey, buyer: Person, product: dict) -> None:
    """An order that nobody pays gives its pieces back."""
    address = buyer.get("/addresses")["list"][0]
    line = {"kind": "product", "target_id": product["id"], "quantity": PIECES - 1}
    order = buyer.post("/order", {"items": [line], "address_id": address["id"]}, status=201)
    expect(left(journey, product) == 0, "all are held")
    expect(buyer.post(f"/order/{order['id']}/cancel")["status"] == "cancelled", "cancelled")
    expect(left(journey, product) == PIECES - 1, "all are back")
    journey.story.step("given up before paying, the pieces are back")


def taken_off(journey: Journey, seller: Person, product: dict) -> None:
    seller.patch(f"/merchants/products/{product['id']}", {"status": "off_sale"})
    Person(journey.base_url).get(f"/products/{product['id']}", status=404)
    journey.story.step("taken off the shelf")


def run(stack: Stack) -> None:
    journey = Journey(stack)
    seller, buyer = journey.login("merchant"), journey.newcomer("小舟")
    product = offer(journey, seller)
    order = order_once(journey, buyer, product)
    paid(journey, buyer, seller, order, product)
    refunded(journey, buyer, order, product)
    sent(journey, buyer, seller, product)
    given_up(journey, buyer, product)
    taken_off(journey, seller, product)
    journey.story.step("journey complete")


def main() -> int:
    base_url = os.environ.get("BASE_URL", "").rstrip("/")
    try:
        if base_url:
            manifest = Path(os.environ.get("MANIFEST", "var/demo.json"))
            run(Stack(base_url, json.loads(manifest.read_text())))
        else:
            with running_stack() as stack:
                run(stack)
    except NotAsPromised as failure:
        sys.stderr.write(f"NOT AS PROMISED: {failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
