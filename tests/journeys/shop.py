"""A product over HTTP: offered, reviewed, ordered once, paid, refunded; shipped and confirmed;
fetched on the spot; sent back.

`python -m tests.journeys.shop` tells it alone (tests.journeys.telling).
"""

import sys
import uuid

from tests.journeys.client import Person, expect, until
from tests.journeys.stack import Stack
from tests.journeys.steps import Journey, pay
from tests.journeys.telling import tell

ADDRESS = {
    "receiver": "周小舟", "phone": "13733334444", "region": "浙江省 杭州市 西湖区",
    "detail": "文三路 1 号",
}  # fmt: skip
PIECES = 5


def offer(
    journey: Journey, seller: Person, stock: int = PIECES, *, what: str = "向日葵花束", **more
) -> dict:
    """A new product of the demo's merchant, on sale after staff looked at it.

    more: to be fetched on the spot with needs_address=False.
    """
    name = f"{what} {journey.run_id}"
    body = {
        "name": name, "description": "十二枝，当日鲜切", "price": 68.5, "category": "鲜花",
        "image_url": "https://img.example.com/sunflower.jpg", "status": "on_sale", "stock": stock,
    } | more  # fmt: skip
    product = seller.post("/merchants/products", body, status=201)
    expect(product["status"] == "reviewing", "staff look at it first")
    visitor = Person(journey.base_url)
    expect(visitor.get("/products", search=name)["list"] == [], "nobody sees it yet")

    page = f"/admin/commerce/product/?q={journey.run_id}"
    admin = journey.staff("admin")
    expect(name in admin.page(page), "it is in the review queue")
    admin.act("/admin/commerce/product/", "approve", product["id"])
    found = visitor.get("/products", search=f"{what[2:]} {journey.run_id}")["list"]
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


def sent_back(journey: Journey, buyer: Person) -> None:
    """What was completed and did not please: its money goes back, its place in the shelf not."""
    orders = buyer.get("/order", size=100)["list"]
    order = next(row for row in orders if row["status"] == "completed")
    body = {"order_id": order["id"], "reason_code": "service", "reason": "花到时已谢"}
    refund = buyer.post("/refund", body, status=201)
    again = buyer.post("/refund", body, status=201)
    expect(again["refund_number"] == refund["refund_number"], "asked twice, it is one")
    journey.staff("finance").act("/admin/commerce/refund/", "approve", refund["id"])
    until("refunded", lambda: buyer.get(f"/order/{order['id']}")["status"] == "refunded")
    journey.story.step("sent back, refunded in full", amount=refund["amount"])


def told_of(journey: Journey, tracking_number: str) -> dict | None:
    """The shipping information that WeChat has of that parcel."""
    for row in journey.sandbox.deliveries():
        if row["body"]["shipping_list"][0].get("tracking_no") == tracking_number:
            return row
    return None


def fetched(journey: Journey, buyer: Person, seller: Person) -> None:
    """A third one is fetched on the spot, against its code."""
    product = offer(journey, seller, what="手工蜂蜜罐", needs_address=False)
    line = {"kind": "product", "target_id": product["id"], "quantity": 1}
    order = buyer.post("/order", {"items": [line]}, status=201)
    path, take = f"/order/{order['id']}", "/merchants/orders/verify"
    expect(buyer.get(path)["verification_code"] is None, "no code before the money")
    pay(journey, buyer, order)
    code = until("a code", lambda: buyer.get(path)["verification_code"])
    expect(len(code) == 12 and code.isdigit(), "twelve digits")
    shown = seller.get(f"/merchants/orders/{order['id']}")
    expect(code not in str(shown), "the merchant does not see it")
    slip = code[:-1] + str((int(code[-1]) + 1) % 10)
    expect(seller.post(take, {"code": slip}, status=422)["code"] == 14046, "a slip takes nothing")
    journey.newcomer("路人").post(take, {"code": code}, status=404)
    expect(buyer.get(path)["status"] == "paid", "and nobody else")

    grouped = f"{code[:4]} {code[4:8]} {code[8:]}"
    expect(seller.post(take, {"code": grouped})["id"] == order["id"], "taken as it is read out")
    expect(buyer.get(path)["status"] == "verified", "handed over")
    again = seller.post(take, {"code": code}, status=409)
    expect(again["code"] == 14048, "a code is good for once")
    until("WeChat heard of it", lambda: handed_over(journey, buyer, product))
    journey.story.step("fetched on the spot, its code taken once", number=order["order_number"])


def handed_over(journey: Journey, buyer: Person, product: dict) -> bool:
    """WeChat was told that this buyer fetched it."""
    for row in journey.sandbox.deliveries():
        body = row["body"]
        ours = body["payer"]["openid"] == buyer.persona["openid"]
        if ours and (body["logistics_type"], row["uploads"]) == (4, 1):
            return body["shipping_list"] == [{"item_desc": product["name"]}]
    return False


def figures(journey: Journey, buyer: Person) -> None:
    """What one buyer paid and got back here is what the provider says, to the fen."""
    orders = buyer.get("/order", size=100)["list"]
    kept = journey.sandbox.book()["net_by_trade"]
    paid, back = 0, 0
    for row in orders:
        order = buyer.get(f"/order/{row['id']}")
        if order["paid_at"]:
            paid += round(order["total_amount"] * 100)
            back += round(order["refunded_amount"] * 100)
    theirs = sum(kept[number] for number in numbers_of(journey, buyer))
    expect(paid - back == theirs, f"{paid} - {back} here, {theirs} at the provider")
    states = sorted(row["status"] for row in orders)
    journey.story.step("the figures agree", paid=paid / 100, back=back / 100, orders=states)


def numbers_of(journey: Journey, buyer: Person) -> list[str]:
    trades = journey.sandbox.trades()
    return [
        row["out_trade_no"] for row in trades
        if row["openid"] == buyer.persona["openid"] and row["trade_state"] in {"SUCCESS", "REFUND"}
    ]  # fmt: skip


def given_up(journey: Journey, buyer: Person, product: dict) -> None:
    """An order that nobody pays gives its pieces back."""
    address = buyer.get("/addresses")["list"][0]
    line = {"kind": "product", "target_id": product["id"], "quantity": PIECES - 1}
    order = buyer.post("/order", {"items": [line], "address_id": address["id"]}, status=201)
    expect(left(journey, product) == 0, "all are held")
    expect(buyer.post(f"/order/{order['id']}/cancel")["status"] == "cancelled", "cancelled")
    expect(left(journey, product) == PIECES - 1, "all are back")
    journey.story.step("given up before paying, the pieces are back")


def helped(journey: Journey, seller: Person) -> None:
    """Somebody is asked to help in the shop, says yes, sees its orders, and leaves again."""
    helper, orders = journey.newcomer("立冬"), "/merchants/orders"
    wish = {"user_id": helper.id, "role": "clerk"}
    asked = seller.post("/merchants/invitations", wish, status=201)
    expect(seller.post("/merchants/invitations", wish, status=409)["code"] == 14101, "asked once")
    expect(helper.get(orders)["list"] == [], "being asked shows nothing")
    answer = f"/merchants/invitations/{asked['id']}/accept"
    journey.newcomer("路人").post(answer, status=404)
    mine = helper.get("/merchants/invitations/mine")["list"]
    expect([row["id"] for row in mine] == [asked["id"]], "they read who asks them")
    place = helper.post(answer)["id"]
    expect(helper.get(orders) == seller.get(orders), "they see what the shop sold")
    members = {row["id"]: row["user_id"] for row in seller.get("/merchants/members")["list"]}
    expect(members[place] == helper.id, "the owner sees who works there")
    helper.delete(f"/merchants/members/{place}")
    expect(helper.get(orders)["list"] == [], "who left sees nothing")
    journey.story.step("a helper asked, came, saw the orders and left", member=place)


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
    fetched(journey, buyer, seller)
    sent_back(journey, buyer)
    helped(journey, seller)
    taken_off(journey, seller, product)
    figures(journey, buyer)
    journey.story.step("journey complete")


if __name__ == "__main__":
    sys.exit(tell(run))
