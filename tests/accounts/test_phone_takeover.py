"""A number is an identifier only once a code proved it: fifty ways to claim another's (J-9)."""

import pytest

from accounts.models import PhoneCode, User
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

VICTIM = "13800138000"
SPELLINGS = [
    VICTIM, "+8613800138000", "+86 13800138000", "8613800138000", "008613800138000",
    "138 0013 8000", "138-0013-8000", "(138)00138000", " 13800138000 ", "１３８００１３８０００",
    "\u200b13800138000", "13800\u200d138000", "13800138000\u2060", "+86-138-0013-8000",
    "138\u00a00013\u00a08000", "13800138000\n", "\t13800138000", "１３８-0013-8000",
    "+86(138)00138000", "138 00138000",
]  # fmt: skip
BODIES = [
    *({"phone": spelling} for spelling in SPELLINGS),
    {"phone": VICTIM, "code": "000000"}, {"phone": VICTIM, "verified": True},
    {"phone_index": VICTIM}, {"username": VICTIM}, {"email": f"{VICTIM}@example.com"},
]  # fmt: skip
WAYS = [(method, body) for method in ("put", "patch") for body in BODIES]


@pytest.fixture
def victim(db):
    return UserFactory(phone=VICTIM)


def test_J9_fifty_ways_to_claim_a_number_take_nothing_over(victim, sandbox):
    assert len(WAYS) == 50
    sandbox.reset()
    thief = Api(UserFactory())
    for method, body in WAYS:
        answer = getattr(thief, method)("/users/profile", body)
        assert answer.status_code < 500, (method, body)

    thief.user.refresh_from_db()
    assert thief.user.phone is None
    assert [user.pk for user in User.objects.exclude(phone=None)] == [victim.pk]
    Api().post("/sms/code", {"phone": VICTIM, "purpose": "login"})
    code = sandbox.last_sms(VICTIM)["params"]["code"]
    inside = data(Api().post("/login/phone", {"phone": VICTIM, "code": code}))
    assert inside["user"]["id"] == victim.pk


def test_J9_a_claim_says_nothing_about_who_has_the_number(victim):
    """The same answer for a number that somebody has and for one that nobody has."""
    api = Api(UserFactory())

    def answers(phone):
        return [
            (response.status_code, response.json()["code"])
            for response in (
                api.put("/users/profile", {"phone": phone}),
                api.post("/user/phone/bind", {"phone": phone, "code": "000000"}),
                Api().post("/login/phone", {"phone": phone, "code": "000000"}),
            )
        ]

    assert answers(VICTIM) == answers("13900139000")
    assert not PhoneCode.objects.exists()
    assert refusal(Api().post("/login/phone", {"phone": VICTIM, "code": "000000"}))[0] in (400, 422)
