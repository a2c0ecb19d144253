"""Weekly templates become slots; what somebody holds is never touched."""

from datetime import UTC, date, datetime, time, timedelta

import orjson
import pytest
from django.utils import timezone

from config.api.renderers import dumps
from config.errors import IllegalTransition, NotFound
from counseling.errors import SlotInUse, SlotOverlap, SlotTimeInvalid
from counseling.models import TimeSlot, WeeklyTemplate
from counseling.services.appointments import cancel
from counseling.services.schedule import (
    close_slot,
    create_slots,
    open_slots,
    reopen_slot,
)
from counseling.services.schedule_edit import remove_rule
from counseling.tasks import open_slots as open_slots_task
from tests.factories.counseling import (
    CounselorFactory,
    ServiceFactory,
    SlotFactory,
    WeeklyTemplateFactory,
    booked,
    confirmed,
)

pytestmark = pytest.mark.django_db

# Monday 2026-11-23, 08:00 in Shanghai
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


@pytest.fixture
def counselor():
    return CounselorFactory()


@pytest.fixture
def mornings(counselor):
    """Mondays 9 to 12: three sessions of 50 minutes with breaks of 10."""
    return WeeklyTemplateFactory(
        counselor=counselor, weekday=0, start_time=time(9), end_time=time(12)
    )


def local(counselor):
    """Local start times of all slots."""
    starts = TimeSlot.objects.filter(counselor=counselor).values_list("start_at", flat=True)
    return [f"{timezone.localtime(start):%m-%d %H:%M}" for start in starts.order_by("start_at")]


def test_a_template_yields_its_slots_on_business_days(counselor, mornings):
    assert open_slots(counselor.pk, now=NOW, days=8) == 6

    assert local(counselor) == [
        "11-23 09:00", "11-23 10:00", "11-23 11:00", "11-30 09:00", "11-30 10:00", "11-30 11:00",
    ]  # fmt: skip
    slot = TimeSlot.objects.order_by("start_at").first()
    assert (slot.end_at - slot.start_at, slot.status) == (timedelta(minutes=50), "open")
    assert slot.template == mornings


def test_the_week_turns_at_midnight_in_shanghai(counselor):
    WeeklyTemplateFactory(counselor=counselor, weekday=1, start_time=time(0), end_time=time(1))
    monday_night = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai

    assert open_slots(counselor.pk, now=monday_night, days=1) == 0
    assert open_slots(counselor.pk, now=monday_night + timedelta(minutes=1), days=1) == 0
    assert open_slots(counselor.pk, now=monday_night, days=2) == 1
    assert local(counselor) == ["11-24 00:00"]


def test_a_second_run_makes_nothing(counselor, mornings):
    open_slots(counselor.pk, now=NOW, days=8)
    before = list(TimeSlot.objects.values())

    assert open_slots(counselor.pk, now=NOW, days=8) == 0
    assert list(TimeSlot.objects.values()) == before


def test_all_counselors_are_opened_for_the_horizon(mornings, settings):
    WeeklyTemplateFactory(weekday=0, start_time=time(9), end_time=time(10))

    made = open_slots_task()

    assert made == TimeSlot.objects.count()
    assert made >= 4 * 3 + 3


def test_one_counselor_who_fails_stops_no_other(mornings, monkeypatch):
    from counseling.services import schedule

    other = WeeklyTemplateFactory(weekday=0, start_time=time(9), end_time=time(10))
    one = schedule._open_slots

    def sometimes(counselor_id, **known):
        if counselor_id == mornings.counselor_id:
            raise RuntimeError("boom")
        return one(counselor_id, **known)

    monkeypatch.setattr(schedule, "_open_slots", sometimes)
    assert open_slots(now=NOW, days=8) == 2
    assert {slot.counselor_id for slot in TimeSlot.objects.all()} == {other.counselor_id}


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2026, 11, 24), None, ["11-30"]),
        (date(2026, 11, 30), None, ["11-30"]),
        (None, date(2026, 11, 29), ["11-23"]),
        (None, date(2026, 11, 30), ["11-23", "11-30"]),
        (date(2026, 12, 1), None, []),
    ],
)
def test_a_template_counts_from_its_first_to_its_last_day(counselor, first, last, days):
    WeeklyTemplateFactory(
        counselor=counselor,
        weekday=0,
        start_time=time(9),
        end_time=time(10),
        valid_from=first,
        valid_until=last,
    )

    open_slots(counselor.pk, now=NOW, days=8)

    assert [start[:5] for start in local(counselor)] == days


def test_a_changed_template_replaces_free_slots_and_keeps_held_and_booked_ones(
    counselor, mornings, time_machine
):
    time_machine.move_to(NOW)
    service = ServiceFactory(counselor=counselor)
    open_slots(counselor.pk, days=8)
    nine, ten, eleven = TimeSlot.objects.order_by("start_at")[3:]
    held = booked(slot=nine, service=service)
    sold = confirmed(slot=ten, service=service)
    WeeklyTemplate.objects.filter(pk=mornings.pk).update(start_time=time(9, 30))

    open_slots(counselor.pk, days=8)

    assert [start for start in local(counselor) if start[:5] == "11-30"] == [
        "11-30 09:00", "11-30 10:00",
    ]  # fmt: skip
    assert [a.slot.status for a in (held, sold)] == ["held", "booked"]
    assert not TimeSlot.objects.filter(pk=eleven.pk).exists()
    assert "11-23 09:30" in local(counselor)


def test_a_stale_slot_with_a_history_is_closed_not_deleted(counselor, mornings, time_machine):
    time_machine.move_to(NOW)
    service = ServiceFactory(counselor=counselor)
    open_slots(counselor.pk, days=8)
    slot = TimeSlot.objects.order_by("start_at").last()
    appointment = booked(slot=slot, service=service)
    cancel(appointment.pk, actor=appointment.user, reason="")
    WeeklyTemplate.objects.filter(pk=mornings.pk).update(is_active=False)

    open_slots(counselor.pk, days=8)

    assert list(TimeSlot.objects.values_list("pk", "status")) == [(slot.pk, "closed")]


def test_a_slot_closed_by_hand_stays_closed(counselor, mornings):
    open_slots(counselor.pk, now=NOW, days=1)
    slot = TimeSlot.objects.first()
    close_slot(slot.pk, reason="外出")

    open_slots(counselor.pk, now=NOW, days=1)

    slot.refresh_from_db()
    assert slot.status == "closed"
    assert TimeSlot.objects.count() == 3


def test_slots_made_by_hand_stay_and_templates_go_around_them(counselor, mornings):
    create_slots(counselor.pk, spans=spans((90, 150)), now=NOW)

    open_slots(counselor.pk, now=NOW, days=1)

    assert local(counselor) == ["11-23 09:30", "11-23 11:00"]


def test_a_removed_template_takes_its_free_slots_along(counselor, mornings, time_machine):
    time_machine.move_to(NOW)
    service = ServiceFactory(counselor=counselor)
    open_slots(counselor.pk, days=8)
    sold = confirmed(slot=TimeSlot.objects.order_by("start_at")[3], service=service)

    remove_rule(WeeklyTemplate, rule_id=mornings.pk)

    assert [slot.pk for slot in TimeSlot.objects.all()] == [sold.slot_id]
    assert not WeeklyTemplate.objects.exists()


def spans(*pairs):
    return [(NOW + timedelta(minutes=a), NOW + timedelta(minutes=b)) for a, b in pairs]


@pytest.mark.parametrize(
    ("start", "end", "clash"),
    [
        (0, 60, False),  # ends as the other begins
        (120, 180, False),  # begins as the other ends
        (1, 61, True),
        (119, 179, True),
        (60, 120, True),
        (70, 80, True),
        (30, 150, True),
    ],
)
def test_S2_slots_of_one_counselor_never_overlap(counselor, start, end, clash):
    earlier = NOW - timedelta(minutes=1)
    create_slots(counselor.pk, spans=spans((60, 120)), now=earlier)

    if clash:
        with pytest.raises(SlotOverlap):
            create_slots(counselor.pk, spans=spans((start, end)), now=earlier)
    else:
        create_slots(counselor.pk, spans=spans((start, end)), now=earlier)
    assert TimeSlot.objects.count() == 2 - clash


def test_S2_two_counselors_may_work_at_the_same_time(counselor):
    create_slots(counselor.pk, spans=spans((60, 120)), now=NOW)
    create_slots(CounselorFactory().pk, spans=spans((60, 120)), now=NOW)

    assert TimeSlot.objects.count() == 2


def test_S2_slots_may_cross_midnight(counselor):
    create_slots(counselor.pk, spans=spans((930, 990)), now=NOW)

    with pytest.raises(SlotOverlap):
        create_slots(counselor.pk, spans=spans((959, 1100)), now=NOW)


def test_a_batch_is_made_whole_or_not_at_all(counselor):
    create_slots(counselor.pk, spans=spans((200, 250)), now=NOW)

    with pytest.raises(SlotOverlap) as caught:
        create_slots(counselor.pk, spans=spans((60, 120), (240, 290)), now=NOW)

    said = orjson.loads(dumps(caught.value.data))
    assert said["start_at"] == "2026-11-23T04:00:00Z"
    assert TimeSlot.objects.count() == 1


@pytest.mark.parametrize(("start", "end"), [(0, 50), (-1, 50), (60, 60), (60, 59)])
def test_times_that_make_no_sense_are_refused(counselor, start, end):
    with pytest.raises(SlotTimeInvalid):
        create_slots(counselor.pk, spans=spans((start, end)), now=NOW)
    assert not TimeSlot.objects.exists()


def test_an_unknown_counselor_has_no_slots():
    with pytest.raises(NotFound):
        create_slots(10**9, spans=spans((60, 120)), now=NOW)


@pytest.mark.parametrize("status", ["held", "booked"])
@pytest.mark.parametrize("act", [close_slot, reopen_slot])
def test_what_somebody_holds_is_neither_closed_nor_reopened(status, act):
    slot = SlotFactory(status=status)

    with pytest.raises(SlotInUse):
        act(slot.pk)
    slot.refresh_from_db()
    assert slot.status == status


def test_closing_and_reopening():
    slot = SlotFactory()

    close_slot(slot.pk)
    with pytest.raises(IllegalTransition):
        close_slot(slot.pk)
    reopen_slot(slot.pk)
    with pytest.raises(IllegalTransition):
        reopen_slot(slot.pk)

    slot.refresh_from_db()
    assert slot.status == "open"


def test_a_slot_whose_time_has_come_is_not_reopened():
    slot = SlotFactory(status="closed")

    with pytest.raises(SlotTimeInvalid):
        reopen_slot(slot.pk, now=slot.start_at)
