"""What the routes of counseling promise to whom."""

from datetime import timedelta

from django.utils import timezone

from config.api.permissions import LOGIN, PUBLIC
from tests.contract.matrix.check import Case
from tests.contract.matrix.table.cases import OWNER, own, staff

# An appointment exists for its two sides and for those who manage appointments.
BOTH_SIDES = frozenset({"owner", "counselor", "customer_service", "admin", "super_admin"})
_DECIDE = "counseling.decide_dispute"
# A certificate exists for whose it is and for those who review it.
HOLDERS = frozenset({"owner", "admin", "super_admin"})
COUNSELORS = frozenset({"counselor", "other_counselor"})
PRACTICE = frozenset({"counselor"})  # whose services and studios these are
_APPLY = "counseling.review_counselorapplication"
NONE = frozenset({404})  # one's own, and there is none
# Leave is the counselor's and theirs who plan time; what it hits, the client's as well.
PLANNERS = frozenset({"counselor", "admin", "super_admin"})
HIT = PLANNERS | {"owner"}
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


def _leave(world) -> dict:
    start = world.slots[5].start_at + timedelta(days=30)
    return {
        "start_at": start.isoformat(), "end_at": (start + timedelta(hours=3)).isoformat(),
        "counselor_id": world.counselor_row_id, "reason": "外出",
    }  # fmt: skip


def _hit(**more) -> Case:
    more = {"who": HIT, "also": NOT_THE_ACTORS} | more
    return Case(LOGIN, path={"pk": "hit_id"}, **more)


COUNSELOR = frozenset({"counselor"})


def _note(**more) -> Case:
    """A note of one's own; no right opens another's."""
    return Case("counseling.practise", path={"pk": "note_id"}, who=COUNSELOR, **more)


def _client(world) -> dict:
    return {"name": "林小雨", "birth_date": "1999-01-02", "relation": "other"}


def _certificate(world) -> dict:
    return {
        "kind": "registration", "number": "X-2021-000123", "issuer": "中国心理学会",
        "issued_on": "2021-03-01", "file_ids": [world.scan_id],
    }  # fmt: skip


def _service(world) -> dict:
    return {"kind": "couple", "mode": "video", "minutes": 80, "price": 600}


def _studio(world) -> dict:
    return {"city": "上海", "address": "静安区南京西路 1 号"}


# Whose time it is, and who plans everybody's.
PLANNERS = frozenset({"counselor", "admin", "super_admin"})


def rule(path: str, **more) -> Case:
    return Case(LOGIN, path={"pk": path}, who=PLANNERS, **more)


def _week(world) -> dict:
    return {"weekday": 2, "start_time": "09:00", "end_time": "10:00"}


def _day_off(world) -> dict:
    return {"date": (timezone.localdate() + timedelta(days=30)).isoformat(), "kind": "off"}


def _slots(world) -> dict:
    start = timezone.now() + timedelta(days=45)
    end = start + timedelta(hours=1)
    return {"slots": [{"start_at": start.isoformat(), "end_at": end.isoformat()}]}


def _moved(world) -> dict:
    return {"slots": [{"id": world.slot_id, **_slots(world)["slots"][0]}]}


def _ids(world) -> dict:
    return {"ids": [world.slot_id], "dry_run": True}


def batch(body) -> Case:
    """For who is a counselor; staff name one."""
    return Case(LOGIN, body=body, also=frozenset({403}))


TABLE: dict[str, Case] = {
    "GET /counselor": Case(PUBLIC, scope="counselor:read"),
    "GET /counselor/<pk>": Case(PUBLIC, path={"pk": "counselor_row_id"}, scope="counselor:read"),
    "GET /counselor/applications": staff(_APPLY),
    "GET /counselor/applications/<pk>": staff(_APPLY, pk="application_id"),
    "POST /counselor/applications/<pk>/approve": staff(_APPLY, pk="application_id"),
    "POST /counselor/applications/<pk>/reject": staff(
        _APPLY, pk="application_id", body=lambda world: {"reason": "请补充督导时长"}
    ),
    "GET /counselor/applications/mine": Case(LOGIN, who=OWNER, also=NONE),
    "PUT /counselor/applications/mine": Case(
        LOGIN, also=frozenset({409}), body=lambda world: {"name": "周田田", "bio": "从业十年"}
    ),
    "GET /counselor/applications/mine/history": Case(LOGIN, who=OWNER, also=NONE),
    "POST /counselor/applications/mine/submit": Case(LOGIN, who=OWNER, also=NONE),
    "POST /counselor/applications/mine/withdraw": Case(LOGIN, who=OWNER, also=NONE),
    "GET /counselor/qualifications": Case(LOGIN, who=HOLDERS),
    "POST /counselor/qualifications": Case(LOGIN, also=frozenset({422}), body=_certificate),
    "GET /counselor/qualifications/<pk>": Case(
        LOGIN, path={"pk": "qualification_id"}, who=HOLDERS
    ),
    "PATCH /counselor/qualifications/<pk>": Case(
        LOGIN, path={"pk": "qualification_id"}, who=OWNER, body=lambda world: {"issuer": "学会"}
    ),
    "GET /counselor/qualifications/<pk>/history": Case(
        LOGIN, path={"pk": "qualification_id"}, who=HOLDERS
    ),
    "POST /counselor/qualifications/<pk>/approve": staff(
        "counseling.review_qualification", pk="qualification_id"
    ),
    "POST /counselor/qualifications/<pk>/reject": staff(
        "counseling.review_qualification", pk="qualification_id",
        body=lambda world: {"reason": "照片不清"},
    ),
    "GET /counselor/mine": Case(LOGIN, who=COUNSELORS, also=NONE),
    "PATCH /counselor/mine": Case(
        LOGIN, who=COUNSELORS, also=NONE, body=lambda world: {"bio": "新的简介"}
    ),
    "POST /counselor/mine/submit": Case(LOGIN, who=COUNSELORS, also=NONE),
    "GET /counselor/services": Case(LOGIN, who=PRACTICE),
    "POST /counselor/services": Case(LOGIN, who=COUNSELORS, also=NONE, body=_service),
    "PATCH /counselor/services/<pk>": Case(
        LOGIN, path={"pk": "service_id"}, who=PRACTICE, body=lambda world: {"price": 400}
    ),
    "GET /counselor/locations": Case(LOGIN, who=PRACTICE),
    "POST /counselor/locations": Case(LOGIN, who=COUNSELORS, also=NONE, body=_studio),
    "PATCH /counselor/locations/<pk>": Case(
        LOGIN, path={"pk": "studio_id"}, who=PRACTICE, body=_studio
    ),
    "DELETE /counselor/locations/<pk>": Case(LOGIN, path={"pk": "studio_id"}, who=PRACTICE),
    "GET /time-slots": Case(PUBLIC, scope="slot:read"),
    "GET /time-slots/days": Case(
        PUBLIC, query={"counselor": "1", "month": "2026-11"}, scope="slot:read"
    ),
    "POST /time-slots": batch(_slots),
    "POST /time-slots/change": batch(_moved),
    "POST /time-slots/close": batch(_ids),
    "POST /time-slots/reopen": batch(_ids),
    "GET /time-slots/utilisation": Case(
        LOGIN, query={"from": "2026-11-01", "to": "2026-11-30"}
    ),
    "GET /schedule-templates": Case(LOGIN, who=PLANNERS),
    "POST /schedule-templates": batch(_week),
    "GET /schedule-templates/<pk>": rule("template_id"),
    "PUT /schedule-templates/<pk>": rule("template_id", body=_week),
    "PATCH /schedule-templates/<pk>": rule("template_id", body=lambda world: {"weekday": 3}),
    "DELETE /schedule-templates/<pk>": rule("template_id"),
    "GET /schedule-exceptions": Case(LOGIN, who=PLANNERS),
    "POST /schedule-exceptions": batch(_day_off),
    "GET /schedule-exceptions/<pk>": rule("exception_id"),
    "PUT /schedule-exceptions/<pk>": rule("exception_id", body=_day_off),
    "PATCH /schedule-exceptions/<pk>": rule("exception_id", body=lambda world: {"note": "改期"}),
    "DELETE /schedule-exceptions/<pk>": rule("exception_id"),
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
    "GET /leave-requests": Case(LOGIN, who=PLANNERS),
    "POST /leave-requests": Case(LOGIN, who=PLANNERS, body=_leave, also=frozenset({404})),
    "POST /leave-requests/preview": Case(
        LOGIN, who=PLANNERS, body=_leave, also=frozenset({404})
    ),
    "GET /leave-requests/<pk>": Case(LOGIN, path={"pk": "leave_id"}, who=PLANNERS),
    "POST /leave-requests/<pk>/withdraw": Case(LOGIN, path={"pk": "leave_id"}, who=PLANNERS),
    "GET /affected-appointments": Case(LOGIN, who=HIT),
    "GET /affected-appointments/<pk>": _hit(),
    "POST /affected-appointments/<pk>/offer": _hit(
        body=lambda world: {"slot_ids": [world.slots[5].pk]}
    ),
    "POST /affected-appointments/<pk>/accept": _hit(
        who=OWNER, body=lambda world: {"slot_id": world.slots[4].pk}
    ),
    "POST /affected-appointments/<pk>/decline": _hit(who=OWNER),
    "POST /affected-appointments/<pk>/cancel": _hit(),
    "GET /session-note": staff("counseling.practise"),
    "GET /session-note/<pk>": _note(),
    "POST /session-note": Case(
        "counseling.practise", who=COUNSELOR, also=frozenset({404}),
        body=lambda world: {"appointment_id": world.held_appointment_id, "note": "第二次"},
    ),
    "PUT /session-note/<pk>": _note(body=lambda world: {"note": "改写"}),
    "POST /session-note/<pk>/lock": _note(),
    "GET /note-access": staff("counseling.view_noteaccess"),
    "GET /note-access/mine": Case(LOGIN),
    "POST /note-access": staff(
        "counseling.request_noteaccess",
        body=lambda world: {"appointment_id": world.held_appointment_id, "reason": "投诉核查"},
    ),
    # super_admin asked for them, and nobody approves for themselves
    "POST /note-access/<pk>/approve": staff(
        "counseling.approve_noteaccess", pk="access_id", also={403}, step_up=True
    ),
    "POST /note-access/<pk>/reject": staff(
        "counseling.approve_noteaccess", pk="access_id", also={403}
    ),
    "POST /note-access/<pk>/close": staff("counseling.view_noteaccess", pk="open_access_id"),
    "GET /note-access/<pk>/notes": staff(
        "counseling.request_noteaccess", pk="open_access_id", step_up=True
    ),
}  # fmt: skip
