"""Counselors plan their own time by API, staff everybody's; batches say what clashes and why."""

from datetime import UTC, date, datetime, timedelta

import pytest

from counseling.models import ScheduleException, TimeSlot, WeeklyTemplate
from counseling.services.schedule import open_slots
from tests.factories.counseling import CounselorFactory, SlotFactory, WeeklyTemplateFactory
from tests.helpers import Api

pytestmark = pytest.mark.django_db

# Monday 2026-11-23, 08:00 in Shanghai
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def counselor(user):
    return CounselorFactory(user=user)


@pytest.fixture
def planner(staff):
    return Api(staff("admin"))


def slot(counselor, hour: float, *, minutes=50, **fields) -> TimeSlot:
    """A slot that begins `hour` hours from now."""
    start = NOW + timedelta(hours=hour)
    return SlotFactory(
        counselor=counselor, start_at=start, end_at=start + timedelta(minutes=minutes), **fields
    )


def span(hour: float, minutes=50) -> dict:
    start = NOW + timedelta(hours=hour)
    return {
        "start_at": start.isoformat(),
        "end_at": (start + timedelta(minutes=minutes)).isoformat(),
    }


def times(counselor) -> list[str]:
    starts = TimeSlot.objects.filter(counselor=counselor).order_by("start_at")
    return [f"{(s.start_at - NOW) / timedelta(hours=1):g} {s.status}" for s in starts]


def said(response) -> list[tuple]:
    data = response.json()["data"]
    return [(one["place"], one["reason"], one["with_slot_id"]) for one in data["conflicts"]]


WEEK = {"weekday": 0, "start_time": "09:00", "end_time": "11:00"}


def test_a_counselor_plans_the_week_and_the_slots_follow(api, counselor):
    made = api.post("/schedule-templates", WEEK)
    assert made.status_code == 201
    pk = made.json()["data"]["id"]
    assert times(counselor)[:3] == ["1 open", "2 open", "169 open"]

    changed = api.patch(f"/schedule-templates/{pk}", {"start_time": "10:00"})
    assert changed.json()["data"]["start_time"] == "10:00"
    assert times(counselor)[:2] == ["2 open", "170 open"]

    off = api.post("/schedule-exceptions", {"date": "2026-11-23", "kind": "off", "note": "培训"})
    assert off.status_code == 201
    assert times(counselor)[0] == "170 open"

    assert api.delete(f"/schedule-exceptions/{off.json()['data']['id']}").status_code == 200
    assert times(counselor)[0] == "2 open"
    assert api.delete(f"/schedule-templates/{pk}").status_code == 200
    assert times(counselor) == []


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/schedule-templates", WEEK | {"end_time": "09:00"}, "__all__"),
        ("/schedule-templates", WEEK | {"every_weeks": 2}, "__all__"),
        ("/schedule-exceptions", {"date": "2026-11-24", "kind": "add"}, "__all__"),
        (
            "/schedule-exceptions",
            {"date": "2026-11-24", "kind": "replace", "start_time": "09:00"},
            "__all__",
        ),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(api, counselor, path, body, field):
    refused = api.post(path, body)

    assert (refused.status_code, refused.json()["code"]) == (422, 12120)
    assert list(refused.json()["data"]["fields"]) == [field]
    assert not WeeklyTemplate.objects.exists()
    assert not ScheduleException.objects.exists()


def test_rules_are_their_counselors_and_the_planners(api, counselor, planner, staff):
    theirs = WeeklyTemplateFactory(weekday=0, start_time="09:00", end_time="10:00")
    path = f"/schedule-templates/{theirs.pk}"

    assert api.get("/schedule-templates").json()["data"]["list"] == []
    for call in (api.get, api.delete, lambda path: api.patch(path, {"weekday": 1})):
        assert call(path).status_code == 404
    stranger = Api(CounselorFactory().user)
    assert stranger.post("/schedule-templates", WEEK | {"counselor_id": theirs.counselor_id}
                         ).status_code == 404  # fmt: skip
    theirs.refresh_from_db()
    assert theirs.weekday == 0

    assert planner.patch(path, {"weekday": 1}).json()["data"]["weekday"] == 1
    of = planner.get(f"/schedule-templates?counselor={counselor.pk}")
    assert of.json()["data"]["list"] == []
    day_off = {"date": "2026-11-24", "kind": "off", "counselor_id": counselor.pk}
    made = planner.post("/schedule-exceptions", day_off)
    assert made.json()["data"]["counselor_id"] == counselor.pk
    assert planner.post("/schedule-templates", WEEK).status_code == 403
    assert Api(staff("finance")).get("/schedule-templates").json()["data"]["list"] == []


def test_a_batch_says_what_clashes_and_does_nothing(api, counselor):
    busy = slot(counselor, 2)
    body = {"slots": [span(1), span(2.5), span(-1), span(3, 0), span(1.5, 20)]}
    wrong = [(1, "overlap", busy.pk), (2, "past", None), (3, "times", None), (4, "overlap", None)]

    refused = api.post("/time-slots", body)
    assert (refused.status_code, refused.json()["code"]) == (409, 12122)
    assert said(refused) == wrong
    looked = api.post("/time-slots", body | {"dry_run": True})
    assert (looked.status_code, said(looked)) == (200, wrong)
    assert [one["id"] for one in looked.json()["data"]["slots"]] == [None]
    assert times(counselor) == ["2 open"]

    done = api.post("/time-slots", body | {"partly": True})
    assert (done.status_code, said(done)) == (200, wrong)
    assert times(counselor) == ["1 open", "2 open"]


def test_adjacent_slots_and_one_across_midnight_are_made(api, counselor):
    made = api.post("/time-slots", {"slots": [span(1, 60), span(2, 60), span(15.5, 60)]})

    assert made.json()["data"]["conflicts"] == []
    assert times(counselor) == ["1 open", "2 open", "15.5 open"]


def test_slots_move_past_each_other_s_old_places(api, counselor):
    one, two, held = slot(counselor, 1), slot(counselor, 2), slot(counselor, 5, status="held")

    body = {"slots": [{"id": one.pk, **span(2)}, {"id": two.pk, **span(3)}]}
    assert api.post("/time-slots/change", body).status_code == 200
    assert times(counselor) == ["2 open", "3 open", "5 held"]

    swap = {"slots": [{"id": one.pk, **span(3)}, {"id": two.pk, **span(2)},
                      {"id": held.pk, **span(8)}, {"id": two.pk, **span(9)}]}  # fmt: skip
    refused = api.post("/time-slots/change", swap)
    assert said(refused) == [
        (0, "crossing", None), (1, "crossing", None), (2, "in_use", None), (3, "unknown", None),
    ]  # fmt: skip
    onto = api.post("/time-slots/change", {"slots": [{"id": one.pk, **span(5.2)}]})
    assert said(onto) == [(0, "overlap", held.pk)]
    assert times(counselor) == ["2 open", "3 open", "5 held"]


def test_a_moved_slot_of_a_rule_is_not_made_again(api, counselor):
    WeeklyTemplateFactory(counselor=counselor, weekday=0, start_time="09:00", end_time="10:00",
                          valid_until=date(2026, 11, 23))  # fmt: skip
    open_slots(counselor.pk)
    moved = TimeSlot.objects.get()

    api.post("/time-slots/change", {"slots": [{"id": moved.pk, **span(4)}]})
    open_slots(counselor.pk)

    assert times(counselor) == ["1 closed", "4 open"]


def test_slots_are_closed_and_reopened_item_by_item(api, counselor):
    free, held = slot(counselor, 1), slot(counselor, 2, status="held")
    foreign = SlotFactory()
    body = {"ids": [free.pk, held.pk, foreign.pk], "reason": "外出"}

    refused = api.post("/time-slots/close", body)
    assert said(refused) == [(1, "in_use", None), (2, "unknown", None)]
    assert times(counselor) == ["1 open", "2 held"]
    api.post("/time-slots/close", body | {"partly": True})
    assert times(counselor) == ["1 closed", "2 held"]
    again = api.post("/time-slots/close", {"ids": [free.pk], "dry_run": True})
    assert said(again) == [(0, "already_closed", None)]

    api.post("/time-slots/reopen", {"ids": [free.pk]})
    assert times(counselor) == ["1 open", "2 held"]
    foreign.refresh_from_db()
    assert foreign.status == "open"


def test_who_is_no_counselor_plans_nothing(api, counselor, planner):
    stranger = Api(CounselorFactory().user)
    body = {"slots": [span(1)], "counselor_id": counselor.pk}

    assert stranger.post("/time-slots", body).status_code == 404
    assert Api().post("/time-slots", body).status_code == 401
    assert planner.post("/time-slots", {"slots": [span(1)]}).status_code == 403
    assert times(counselor) == []
    assert planner.post("/time-slots", body).status_code == 200
    assert times(counselor) == ["1 open"]


def test_utilisation_by_status_for_own_and_for_staff(
    api, counselor, planner, django_assert_max_num_queries
):
    for hour, status in ((1, "booked"), (2, "booked"), (3, "open"), (4, "held"), (5, "closed")):
        slot(counselor, hour, status=status)
    slot(counselor, 24 * 7, status="booked")  # not in the range
    other = CounselorFactory()
    range_ = "/time-slots/utilisation?from=2026-11-23&to=2026-11-23"

    with django_assert_max_num_queries(6):
        own = api.get(range_).json()["data"]["list"]
    everybody = planner.get(range_).json()["data"]["list"]

    assert own == [
        {
            "counselor_id": counselor.pk, "name": counselor.name, "open_minutes": 50,
            "held_minutes": 50, "booked_minutes": 100, "closed_minutes": 50, "utilisation": 0.5,
        }
    ]  # fmt: skip
    assert [(row["counselor_id"], row["utilisation"]) for row in everybody] == [
        (counselor.pk, 0.5), (other.pk, None),
    ]  # fmt: skip
    assert api.get(f"{range_}&counselor={other.pk}").json()["data"]["list"] == []
    assert api.get("/time-slots/utilisation?from=2026-11-23&to=2026-11-22").status_code == 400
