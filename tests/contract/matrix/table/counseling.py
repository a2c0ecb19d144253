"""What the routes of counseling promise to whom."""

from config.api.permissions import LOGIN, PUBLIC
from tests.contract.matrix.check import Case
from tests.contract.matrix.table.cases import OWNER, own, staff

# An appointment exists for its two sides and for those who manage appointments.
BOTH_SIDES = frozenset({"owner", "counselor", "customer_service", "admin", "super_admin"})
_DECIDE = "counseling.decide_dispute"
NOT_THE_ACTORS = frozenset({403})  # the business itself refuses this side of the appointment
NO_COUNSELOR = frozenset({403})  # figures of their own have counselors alone


def side(**more) -> Case:
    """An appointment, as one of its sides or as staff."""
    return Case(LOGIN, path={"pk": "appointment_id"}, who=BOTH_SIDES, also=NOT_THE_ACTORS, **more)


def disputed(**more) -> Case:
    return Case(LOGIN, path={"pk": "dispute_id"}, who=BOTH_SIDES, also=NOT_THE_ACTORS, **more)


def _decision(world) -> dict:
    return {"note": "核对了双方说明"}


def _book(world) -> dict:
    return {
        "slot_id": world.slot_id,
        "service_id": world.service_id,
        "client_id": world.profile_id,
    }


def _review(world) -> dict:
    return {"appointment_id": world.held_appointment_id, "rating": 4, "tags": ["warm"]}


def _edit(world) -> dict:
    return {"rating": 4, "comment": "还好"}


def _client(world) -> dict:
    return {"name": "林小雨", "birth_date": "1999-01-02"}


TABLE: dict[str, Case] = {
    "GET /counselor": Case(PUBLIC, scope="counselor:read"),
    "GET /counselor/<pk>": Case(PUBLIC, path={"pk": "counselor_row_id"}, scope="counselor:read"),
    "GET /time-slots": Case(PUBLIC, scope="slot:read"),
    "GET /time-slots/days": Case(
        PUBLIC, query={"counselor": "1", "month": "2026-11"}, scope="slot:read"
    ),
    "GET /client-profile": Case(LOGIN, who=OWNER),
    "POST /client-profile": Case(LOGIN, body=_client),
    "GET /client-profile/<pk>": own(pk="profile_id"),
    "PUT /client-profile/<pk>": Case(
        LOGIN, path={"pk": "profile_id"}, who=OWNER, body=_client
    ),
    "PATCH /client-profile/<pk>": Case(
        LOGIN, path={"pk": "profile_id"}, who=OWNER, body=lambda world: {"name": "林小雨"}
    ),
    "DELETE /client-profile/<pk>": own(pk="profile_id"),
    "GET /appointment": Case(LOGIN, who=BOTH_SIDES),
    "GET /appointment/<pk>": side(),
    "POST /appointment": Case(LOGIN, who=OWNER, body=_book),
    "GET /appointment/<pk>/cancel-preview": side(),
    "POST /appointment/<pk>/cancel": side(body=lambda world: {"reason": "临时有事"}),
    "POST /appointment/<pk>/reschedule": side(body=lambda world: {"slot_id": world.slot_id}),
    "GET /dispute": Case(LOGIN, who=BOTH_SIDES),
    "GET /dispute/<pk>": disputed(),
    "POST /dispute": Case(
        LOGIN, who=BOTH_SIDES, also=frozenset({403, 404}),
        body=lambda world: {"appointment_id": world.appointment_id, "reason": "other"},
    ),
    "POST /dispute/<pk>/answer": disputed(body=lambda world: {"answer": "我到场了"}),
    "POST /dispute/<pk>/withdraw": disputed(),
    "POST /dispute/<pk>/uphold": staff(_DECIDE, also={403}, pk="dispute_id", body=_decision),
    "POST /dispute/<pk>/reject": staff(_DECIDE, also={403}, pk="dispute_id", body=_decision),
    "POST /appointment/<pk>/start": side(),
    "POST /appointment/<pk>/complete": side(),
    "POST /appointment/<pk>/no-show": side(),
    "GET /stat/appointment": Case(LOGIN, also=NO_COUNSELOR),
    "POST /stat/appointment/export": staff(
        "accounts.export_data", body=lambda world: {"by": "week"}, step_up=True
    ),
    "GET /review": Case(PUBLIC),
    "GET /review/mine": Case(LOGIN, who=OWNER),
    "GET /review/<pk>": own(pk="said_id"),
    "POST /review": Case(LOGIN, who=OWNER, also=frozenset({404}), body=_review),
    "PUT /review/<pk>": Case(LOGIN, path={"pk": "said_id"}, who=OWNER, body=_edit),
    "PATCH /review/<pk>": Case(LOGIN, path={"pk": "said_id"}, who=OWNER, body=_edit),
    "DELETE /review/<pk>": own(pk="said_id"),
    "POST /review/<pk>/reply": Case(
        LOGIN, path={"pk": "said_id"}, who=frozenset({"counselor"}),
        body=lambda world: {"reply": "谢谢信任"},
    ),
    "POST /review/<pk>/hide": staff(
        "counseling.moderate_review", pk="said_id", body=lambda world: {"reason": "广告"}
    ),
    "POST /review/<pk>/restore": staff("counseling.moderate_review", pk="hidden_said_id"),
}  # fmt: skip
