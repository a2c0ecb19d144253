"""Sixty boundary times (S-7): when a slot can be booked, and which slots the rules yield.

Times are Asia/Shanghai.  What the list shows and what booking takes must agree to the second.
"""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from config.days import SHANGHAI
from counseling.models import Counselor, Holiday, ScheduleException, TimeSlot, WeeklyTemplate
from counseling.services.availability import bookable
from counseling.services.booking import facts_of, why_not
from counseling.services.calendar import horizon_end
from counseling.services.schedule import create_slots, open_slots
from counseling.services.schedule_rules import wanted_slots
from tests.factories.counseling import CounselorFactory, SlotFactory

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# (now, start, minimum notice in minutes, why not); the horizon is 28 business days.
BOOKED = [
    # the start itself
    ("2026-11-23 10:00:00", "2026-11-23 10:00:01", 0, None),
    ("2026-11-23 10:00:00", "2026-11-23 10:00:00", 0, "past"),
    ("2026-11-23 10:00:01", "2026-11-23 10:00:00", 0, "past"),
    ("2026-11-23 23:59:59", "2026-11-24 00:00:00", 0, None),
    ("2026-11-24 00:00:00", "2026-11-24 00:00:00", 0, "past"),
    # an hour's notice
    ("2026-11-23 09:00:00", "2026-11-23 10:00:00", 60, None),
    ("2026-11-23 09:00:01", "2026-11-23 10:00:00", 60, "too_soon"),
    ("2026-11-23 08:59:59", "2026-11-23 10:00:00", 60, None),
    ("2026-11-23 23:00:00", "2026-11-24 00:00:00", 60, None),
    ("2026-11-23 23:00:01", "2026-11-24 00:00:00", 60, "too_soon"),
    ("2026-11-23 23:29:59", "2026-11-24 00:30:00", 60, None),
    ("2026-11-23 23:30:01", "2026-11-24 00:30:00", 60, "too_soon"),
    # a day's and a week's notice
    ("2026-11-23 10:00:00", "2026-11-24 10:00:00", 1440, None),
    ("2026-11-23 10:00:01", "2026-11-24 10:00:00", 1440, "too_soon"),
    ("2028-02-28 09:00:00", "2028-02-29 09:00:00", 1440, None),
    ("2028-02-28 09:00:01", "2028-02-29 09:00:00", 1440, "too_soon"),
    ("2028-02-29 09:00:00", "2028-03-01 09:00:00", 1440, None),
    ("2026-12-31 23:59:59", "2027-01-07 23:59:59", 10080, None),
    ("2026-12-31 23:59:59", "2027-01-07 23:59:58", 10080, "too_soon"),
    # the horizon ends at midnight in Shanghai
    ("2026-11-23 00:00:00", "2026-12-20 23:59:59", 0, None),
    ("2026-11-23 00:00:00", "2026-12-21 00:00:00", 0, "too_far"),
    ("2026-11-23 23:59:59", "2026-12-20 23:59:59", 0, None),
    ("2026-11-23 23:59:59", "2026-12-21 00:00:00", 0, "too_far"),
    ("2026-11-24 00:00:00", "2026-12-21 00:00:00", 0, None),
    ("2026-11-24 00:00:00", "2026-12-21 23:59:59", 0, None),
    ("2026-11-24 00:00:00", "2026-12-22 00:00:00", 0, "too_far"),
    ("2026-11-24 07:59:59", "2026-12-21 23:59:59", 0, None),  # before midnight in London
    ("2026-11-24 08:00:00", "2026-12-22 00:00:00", 0, "too_far"),
    ("2028-02-01 12:00:00", "2028-02-28 23:59:59", 0, None),
    ("2028-02-01 12:00:00", "2028-02-29 00:00:00", 0, "too_far"),
    ("2028-02-02 00:00:00", "2028-02-29 23:59:59", 0, None),
]


@pytest.mark.parametrize(("now", "start", "notice", "why"), BOOKED)
def test_S7_what_is_listed_is_what_is_booked(now, start, notice, why):
    slot = SlotFactory(counselor__min_notice_minutes=notice, start_at=at(start))

    row = facts_of.first(slot=slot.pk, user=0, service=0, agreement=0, besides=0, now=at(now))
    listed = bookable(at(now), horizon_end(at(now)))

    assert why_not(row, at(now)) == why
    assert listed.exists() is (why is None)


NINE = ("09:00", "10:00")
SPRING = {  # 2026-02-14 Saturday works for Friday, holiday from Sunday 15 to Monday 23
    "2026-02-14": 4, "2026-02-15": "off", "2026-02-20": "off", "2026-02-23": "off",
    "2026-02-28": 0,
}  # fmt: skip

# name: (now, days, [(weekday, hours, more)], [(date, kind, hours)], holidays, starts)
YIELDED = {
    "a slot that has begun is not made": (
        "2026-11-23 09:00:00", 1, [(0, NINE, {})], [], {}, []),
    "a second earlier it is": (
        "2026-11-23 08:59:59", 1, [(0, NINE, {})], [], {}, ["11-23 09:00"]),
    "midnight belongs to the day it begins": (
        "2026-11-23 23:59:59", 2, [(1, ("00:00", "01:00"), {})], [], {}, ["11-24 00:00"]),
    "the last minute of the day": (
        "2026-11-23 00:00:00", 1, [(0, ("23:09", "23:59"), {})], [], {}, ["11-23 23:09"]),
    "an interval a minute too short": (
        "2026-11-23 00:00:00", 1, [(0, ("09:00", "09:49"), {})], [], {}, []),
    "several intervals a day": (
        "2026-11-23 00:00:00", 1, [(0, NINE, {}), (0, ("14:00", "16:00"), {})], [], {},
        ["11-23 09:00", "11-23 14:00", "11-23 15:00"]),
    "valid from its first day": (
        "2026-11-23 00:00:00", 8, [(0, NINE, {"valid_from": date(2026, 11, 24)})], [], {},
        ["11-30 09:00"]),
    "valid until its last day": (
        "2026-11-23 00:00:00", 8, [(0, NINE, {"valid_until": date(2026, 11, 29)})], [], {},
        ["11-23 09:00"]),
    "29 February is a Tuesday in 2028": (
        "2028-02-28 00:00:00", 3, [(1, NINE, {})], [], {}, ["02-29 09:00"]),
    "and valid on that day alone": (
        "2028-02-22 00:00:00", 15,
        [(1, NINE, {"valid_from": date(2028, 2, 29), "valid_until": date(2028, 2, 29)})], [], {},
        ["02-29 09:00"]),
    "every other week, from the week of its anchor": (
        "2026-11-23 00:00:00", 28,
        [(0, NINE, {"every_weeks": 2, "anchor_date": date(2026, 11, 29)})], [], {},
        ["11-23 09:00", "12-07 09:00"]),
    "an anchor that lies ahead counts backwards": (
        "2026-11-23 00:00:00", 28,
        [(0, NINE, {"every_weeks": 2, "anchor_date": date(2026, 12, 14)})], [], {},
        ["11-30 09:00", "12-14 09:00"]),
    "every third week over the new year": (
        "2026-12-21 00:00:00", 28,
        [(4, NINE, {"every_weeks": 3, "anchor_date": date(2026, 12, 21)})], [], {},
        ["12-25 09:00", "01-15 09:00"]),
    "a holiday has no weekly slots": (
        "2026-02-20 00:00:00", 1, [(4, NINE, {})], [], SPRING, []),
    "a make-up Saturday works as the Friday it stands for": (
        "2026-02-14 00:00:00", 1, [(4, NINE, {}), (5, ("20:00", "21:00"), {})], [], SPRING,
        ["02-14 09:00"]),
    "a make-up workday for a Monday": (
        "2026-02-28 00:00:00", 1, [(0, NINE, {})], [], SPRING, ["02-28 09:00"]),
    "one that names no weekday is its own": (
        "2026-02-28 00:00:00", 1, [(5, NINE, {})], [], {"2026-02-28": None}, ["02-28 09:00"]),
    "the second before a holiday begins": (
        "2026-02-14 23:59:59", 3, [(6, ("00:00", "01:00"), {}), (0, NINE, {})], [], SPRING,
        ["02-16 09:00"]),
    "extra hours are there on a holiday too": (
        "2026-02-20 00:00:00", 1, [(4, NINE, {})], [("2026-02-20", "add", ("14:00", "15:00"))],
        SPRING, ["02-20 14:00"]),
    "a day off": (
        "2026-11-23 00:00:00", 8, [(0, NINE, {})], [("2026-11-23", "off", None)], {},
        ["11-30 09:00"]),
    "hours off take what they touch": (
        "2026-11-23 00:00:00", 1, [(0, ("09:00", "12:00"), {})],
        [("2026-11-23", "off", ("10:50", "11:01"))], {}, ["11-23 09:00", "11-23 10:00"]),
    "hours off that end as it begins": (
        "2026-11-23 00:00:00", 1, [(0, NINE, {})], [("2026-11-23", "off", ("08:00", "09:00"))],
        {}, ["11-23 09:00"]),
    "other hours instead": (
        "2026-11-23 00:00:00", 1, [(0, NINE, {})],
        [("2026-11-23", "replace", ("13:00", "14:00"))], {}, ["11-23 13:00"]),
    "more hours besides": (
        "2026-11-23 00:00:00", 1, [(0, NINE, {})], [("2026-11-23", "add", ("13:00", "14:00"))],
        {}, ["11-23 09:00", "11-23 13:00"]),
    "a day off undoes more hours": (
        "2026-11-23 00:00:00", 1, [(0, NINE, {})],
        [("2026-11-23", "add", ("13:00", "14:00")), ("2026-11-23", "off", None)], {}, []),
    "extra hours keep the break and go first": (
        "2026-11-23 00:00:00", 1, [(0, ("09:00", "11:00"), {})],
        [("2026-11-23", "add", ("08:05", "08:55"))], {}, ["11-23 08:05", "11-23 10:00"]),
    "exactly the break away both stand": (
        "2026-11-23 00:00:00", 1, [(0, NINE, {})], [("2026-11-23", "add", ("08:00", "08:50"))],
        {}, ["11-23 08:00", "11-23 09:00"]),
    "of two breaks the longer holds": (
        "2026-11-23 00:00:00", 1, [(0, ("09:00", "12:00"), {"break_minutes": 30})],
        [("2026-11-23", "add", ("08:00", "08:50"))], {}, ["11-23 08:00", "11-23 10:20"]),
    "a session across midnight": (
        "2026-11-23 00:00:00", 2, [(1, ("00:00", "02:00"), {})],
        [("2026-11-23", "add", ("23:30", "00:20"))], {}, ["11-23 23:30", "11-24 01:00"]),
    "what began yesterday goes on after midnight": (
        "2026-11-24 00:10:00", 1, [], [("2026-11-23", "add", ("23:30", "02:00"))], {},
        ["11-24 00:30"]),
    "a day off ends at midnight": (
        "2026-11-23 00:00:00", 2, [(1, ("00:00", "01:00"), {})],
        [("2026-11-23", "off", None)], {}, ["11-24 00:00"]),
}  # fmt: skip


def given(counselor, weekly, exceptions, holidays):
    for weekday, (start, end), more in weekly:
        WeeklyTemplate.objects.create(
            counselor=counselor, weekday=weekday, start_time=start, end_time=end, **more
        )
    for day, kind, hours in exceptions:
        start, end = hours or (None, None)
        ScheduleException.objects.create(
            counselor=counselor, date=day, kind=kind, start_time=start, end_time=end
        )
    for day, what in holidays.items():
        fields = {"kind": "off"} if what == "off" else {"kind": "work", "works_as": what}
        Holiday.objects.create(date=day, name="节", **fields)


def shown(stretches) -> list[str]:
    return [f"{timezone.localtime(one.start):%m-%d %H:%M}" for one in stretches]


@pytest.mark.parametrize("name", YIELDED)
def test_S7_the_rules_yield(name):
    now, days, weekly, exceptions, holidays, starts = YIELDED[name]
    counselor = CounselorFactory()
    given(counselor, weekly, exceptions, holidays)

    assert shown(wanted_slots(counselor.pk, now=at(now), days=days)) == starts


def test_there_are_sixty_of_them():
    assert len(BOOKED) + len(YIELDED) >= 60


def test_who_works_on_holidays_knows_neither_those_nor_make_up_workdays():
    counselor = CounselorFactory(works_on_holidays=True)
    given(counselor, [(4, NINE, {}), (5, ("20:00", "21:00"), {})], [], SPRING)

    friday = wanted_slots(counselor.pk, now=at("2026-02-20 00:00:00"), days=1)
    saturday = wanted_slots(counselor.pk, now=at("2026-02-14 00:00:00"), days=1)

    assert shown(friday) == ["02-20 09:00"]
    assert shown(saturday) == ["02-14 20:00"]


def test_slots_of_a_longer_break_stay_away_from_a_slot_made_by_hand():
    counselor, now = CounselorFactory(), at("2026-11-23 00:00:00")
    given(counselor, [(0, ("09:00", "12:00"), {"break_minutes": 20})], [], {})
    create_slots(counselor.pk, spans=[(at("2026-11-23 08:00"), at("2026-11-23 08:50"))], now=now)

    open_slots(counselor.pk, now=now, days=1)

    starts = TimeSlot.objects.order_by("start_at").values_list("start_at", flat=True)
    assert [f"{timezone.localtime(start):%H:%M}" for start in starts] == ["08:00", "10:10"]
    assert open_slots(counselor.pk, now=now, days=1) == 0


def test_making_slots_takes_few_statements_whatever_the_rules(django_assert_max_num_queries):
    counselor, now = CounselorFactory(), at("2026-11-23 00:00:00")
    given(counselor, [(0, NINE, {})], [("2026-11-23", "add", ("13:00", "14:00"))], {})
    open_slots(counselor.pk, now=now, days=28)
    given(
        counselor, [(day, ("10:00", "18:00"), {}) for day in range(7)],
        [("2026-11-24", "add", ("19:00", "20:00"))], SPRING,
    )  # fmt: skip
    open_slots(counselor.pk, now=now, days=28)

    with django_assert_max_num_queries(11):
        assert open_slots(counselor.pk, now=now, days=28) == 0

    assert Counselor.objects.get().slots.filter(exception__isnull=False).count() == 2
    assert counselor.slots.filter(start_at__lt=now + timedelta(days=1)).count() == 9
