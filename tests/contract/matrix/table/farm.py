"""What the routes of farm promise to whom."""

from config.api.permissions import LOGIN, PUBLIC
from tests.contract.matrix.check import Case
from tests.contract.matrix.table.cases import OWNER, staff

# A claim exists for its claimant, its farm and those who manage claims.
CLAIM_SIDES = frozenset({"owner", "counselor", "customer_service", "admin", "super_admin"})
NO_FARM = frozenset({403})
FARM = frozenset({"counselor"})
NOT_THE_ACTORS = frozenset({403})  # the business itself refuses this side of the appointment


def _animal(world) -> dict:
    return {"name": "花花", "species": "奶牛", "price": 100.00}


def claim_side(**more) -> Case:
    """A claim, as one of its sides or as staff."""
    return Case(LOGIN, path={"pk": "claim_id"}, who=CLAIM_SIDES, also=NOT_THE_ACTORS, **more)


def farm(pk: str = "animal_id", **more) -> Case:
    """An animal of one's own farm."""
    return Case(LOGIN, path={"pk": pk}, who=FARM, **more)


TABLE: dict[str, Case] = {
    "GET /animals": Case(PUBLIC),
    "GET /animals/<pk>": Case(PUBLIC, path={"pk": "animal_id"}),
    "GET /animals/<pk>/updates": Case(PUBLIC, path={"pk": "animal_id"}),
    "POST /animals/<pk>/claim": Case(
        LOGIN, path={"pk": "animal_id"}, body=lambda world: {"price_paid": 0}
    ),
    "GET /animals/claims": Case(LOGIN, who=OWNER),
    "GET /animals/claims/<pk>": claim_side(),
    "GET /animals/claims/<pk>/end-preview": claim_side(),
    "POST /animals/claims/<pk>/end": Case(
        LOGIN, path={"pk": "claim_id"}, who=OWNER, body=lambda world: {"reason": "搬家"}
    ),
    "POST /animals/claims/<pk>/renew": Case(
        LOGIN, path={"pk": "claim_id"}, who=OWNER, also=frozenset({409}),
        body=lambda world: {"price_paid": 0},
    ),
    "GET /animals/agreements/file": Case(PUBLIC, also=frozenset({403})),
    "GET /merchants/animals": Case(LOGIN, who=FARM),
    "POST /merchants/animals": Case(LOGIN, also=frozenset({403}), body=_animal),
    "GET /merchants/animals/<pk>": farm(),
    "PUT /merchants/animals/<pk>": farm(body=_animal),
    "PATCH /merchants/animals/<pk>": farm(body=lambda world: {"name": "花花"}),
    "DELETE /merchants/animals/<pk>": farm("draft_animal_id"),
    "POST /merchants/animals/<pk>/submit": farm("draft_animal_id"),
    "POST /merchants/animals/<pk>/hide": farm(),
    "POST /merchants/animals/<pk>/availability": farm(body=lambda world: {"available": False}),
    "POST /merchants/animals/<pk>/loss": farm(body=lambda world: {"reason": "走失"}),
    "POST /merchants/animals/<pk>/updates": farm(
        body=lambda world: {"update_type": "diary", "content": "今天很乖"}
    ),
    "POST /merchants/animals/<pk>/health-records": farm(
        body=lambda world: {"kind": "checkup", "happened_on": "2026-01-02", "note": "体检"}
    ),
    "GET /stat/farm": Case(LOGIN, also=NO_FARM),
    "POST /stat/farm/export": staff(
        "accounts.export_data", body=lambda world: {"by": "week"}, step_up=True
    ),
    "GET /merchants/claims": Case(LOGIN, who=FARM),
    "GET /merchants/claims/<pk>": claim_side(),
    "POST /merchants/claims/<pk>/end": claim_side(body=lambda world: {"reason": "同意"}),
    "POST /merchants/claims/<pk>/refuse-end": claim_side(body=lambda world: {"reason": "不同意"}),
}  # fmt: skip
