"""Single steps of the booking story, and who takes them."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.journeys.client import NotAsPromised, Person, Staff, Story, expect, until
from tests.journeys.stack import Stack
from tests.sandbox.client import SandboxClient

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class Journey:
    stack: Stack
    story: Story = field(default_factory=Story)

    def __post_init__(self):
        self.base_url = self.stack.base_url
        self.accounts = self.stack.manifest["accounts"]
        self.sandbox = SandboxClient(self.stack.manifest["sandbox"]["control"])
        self.run_id = uuid.uuid4().hex[:8]

    def newcomer(self, name: str) -> Person:
        """Somebody who opens the mini-program for the first time."""
        persona = self.sandbox.persona(id=f"{name}-{self.run_id}", nickname=name)
        code = self.sandbox.login_code(persona["id"])
        answer = Person(self.base_url).post("/users/login", {"code": code})
        expect(answer["user"]["openid"] == persona["openid"], "the openid is WeChat's")
        person = Person(self.base_url, answer["token"])
        person.persona, person.id = persona, answer["user"]["id"]
        return person

    def login(self, role: str) -> Person:
        account = self.accounts[role]
        body = {"username": account["username"], "password": account["password"]}
        return Person(self.base_url, Person(self.base_url).post("/login", body)["token"])

    def staff(self, role: str) -> Staff:
        account = self.accounts[role]
        return Staff(self.base_url, account["username"], account["password"])


def find_slot(journey: Journey, person: Person) -> tuple[int, dict, dict]:
    """A specialty of the counselor with a demo login, a day they are free on, and a free slot."""
    wanted = journey.accounts["counselor"]["counselor_id"]
    tag = person.get(f"/counselor/{wanted}")["specialties"][0]["id"]
    for ahead in range(2, 15):
        day = (datetime.now(SHANGHAI) + timedelta(days=ahead)).date().isoformat()
        found = person.get("/counselor", specialty=tag, free_on=day, size=100)["list"]
        expect(
            all(tag in {t["id"] for t in row["specialties"]} for row in found),
            "everybody found has the specialty",
        )
        slots = person.get("/time-slots", counselor=wanted, date=day, size=100)["list"]
        expect(bool(slots) == (wanted in {row["id"] for row in found}), "free that day, or not")
        if slots:
            return tag, person.get(f"/counselor/{wanted}"), slots[0]
    raise NotAsPromised("no free slot in two weeks")


def cheapest(counselor: dict) -> dict:
    return min(
        (row for row in counselor["services"] if row["price"] > 0), key=lambda row: row["price"]
    )


def slots_on(person: Person, counselor_id: int, start_at: str) -> list[dict]:
    day = parse(start_at).astimezone(SHANGHAI).date().isoformat()
    return person.get("/time-slots", counselor=counselor_id, date=day, size=100)["list"]


def accept_agreement(person: Person) -> None:
    agreement = person.get("/agreements/booking")
    person.post("/consents", {"kind": "booking", "version": agreement["version"]}, status=201)


def rival(bob: Person, slot: dict, service: dict) -> None:
    body = {"relation": "self", "name": "谷雨", "birth_date": "1990-01-01"}
    client = bob.post("/client-profile", body, status=201)
    accept_agreement(bob)
    wish = {"slot_id": slot["id"], "service_id": service["id"], "client_id": client["id"]}
    bob.post("/appointment", wish, status=409)


def subscribe(journey: Journey, person: Person) -> None:
    """The person accepts every message the demo's templates may send."""
    for template_id in journey.stack.manifest["ids"].get("wechat_templates", []):
        journey.sandbox.subscribe(person.persona["id"], template_id)


def start_payment(person: Person, order: dict) -> dict:
    return person.post("/pay", {"order_id": order["id"], "method": "wechat"}, status=201)


def pay(journey: Journey, person: Person, order: dict) -> None:
    answer = start_payment(person, order)
    again = start_payment(person, order)
    expect(again["payment"]["number"] == answer["payment"]["number"], "one attempt")
    parameters = answer["client_parameters"]
    result = journey.sandbox.request_payment(
        parameters | {"appId": answer["app_id"]}, persona=person.persona["id"], copies=2
    )
    journey.story.step("prepaid; the person pays", payment=answer["payment"]["number"])
    expect(result, "the sandbox verified paySign")


def is_status(person: Person, appointment: dict, status: str) -> dict | None:
    now = person.get(f"/appointment/{appointment['id']}")
    return now if now["status"] == status else None


def told(journey: Journey, person: Person, template: str, title: str) -> None:
    """The notice is in the app, and once in the sandbox's outbox as a subscribe message."""

    def in_app():
        rows = person.get("/notifications", size=50)["list"]
        return [row for row in rows if row["title"] == title]

    def messages():
        sent = journey.sandbox.outbox("subscribe", to=person.persona["openid"])
        return [row for row in sent if row["template_id"] == template]

    until(f"told in the app: {title}", in_app)
    until(f"told by subscribe message: {template}", messages)
    expect(len(in_app()) == len(messages()) == 1, f"{template}: told once")


def held_appointment(journey: Journey, name: str) -> tuple[Person, dict, dict]:
    """Somebody new with an unpaid appointment."""
    person = journey.newcomer(name)
    accept_agreement(person)
    body = {"relation": "self", "name": name, "birth_date": "1992-02-02"}
    client = person.post("/client-profile", body, status=201)
    _tag, counselor, slot = find_slot(journey, person)
    wish = {
        "slot_id": slot["id"],
        "service_id": cheapest(counselor)["id"],
        "client_id": client["id"],
    }
    return person, person.post("/appointment", wish, status=201), slot


def parse(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
