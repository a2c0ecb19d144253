"""The calendar, the batch tool and the rules in the back office."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from counseling.models import Holiday, ScheduleException, TimeSlot
from counseling.services.holidays import import_holidays, read_holidays, shipped_holidays
from counseling.services.schedule import open_slots
from tests.factories.counseling import (
    CounselorFactory,
    SlotFactory,
    WeeklyTemplateFactory,
    confirmed,
)

pytestmark = pytest.mark.django_db

# Monday 2026-11-23, 08:00 in Shanghai
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
WEEK, BATCH = "/admin/counseling/timeslot/week/", "/admin/counseling/timeslot/batch/"


@pytest.fixture
def counselor():
    return CounselorFactory()


def test_a_week_shows_slots_and_why_days_differ_and_no_client(office, counselor, time_machine):
    time_machine.move_to(NOW)
    slot = SlotFactory(counselor=counselor, start_at=NOW + timedelta(hours=2))
    taken = confirmed(slot=SlotFactory(counselor=counselor, start_at=NOW + timedelta(hours=4)))
    across = SlotFactory(counselor=counselor, start_at=NOW + timedelta(hours=15, minutes=30))
    SlotFactory(counselor=counselor, start_at=NOW + timedelta(days=7))
    Holiday.objects.create(date=date(2026, 11, 25), name="校庆日")
    ScheduleException.objects.create(counselor=counselor, date=date(2026, 11, 26), kind="off")

    page = office("admin").get(WEEK, {"counselor": counselor.pk, "date": "2026-11-25"})

    text = page.content.decode()
    week = page.context["week"]
    assert [day.date.isoformat() for day in week.days][::6] == ["2026-11-23", "2026-11-29"]
    assert [len(day.blocks) for day in week.days] == [3, 1, 0, 0, 0, 0, 0]
    last, first = week.days[0].blocks[2], week.days[1].blocks[0]
    assert (last.slot_id, last.first, last.last) == (across.pk, 1410, 1440)
    assert (first.slot_id, first.first, first.last) == (across.pk, 0, 20)
    assert week.minutes == {"open": 100, "held": 0, "booked": 50, "closed": 0}
    assert "校庆日（放假）" in text
    assert f'href="/admin/counseling/appointment/{taken.pk}/change/"' in text
    assert f'href="/admin/counseling/timeslot/{slot.pk}/change/"' in text
    assert taken.client.name not in text
    assert taken.number not in text


def test_the_week_and_the_batch_are_for_planners(office, counselor):
    assert office("customer_service").get(WEEK).status_code == 200
    assert office("customer_service").get(BATCH).status_code == 403
    assert office("finance").get(WEEK).status_code == 403
    assert office("admin").get(WEEK, {"counselor": counselor.pk + 1}).status_code == 404
    assert office("admin").get(WEEK, {"date": "nonsense"}).status_code == 200


def pattern(counselor, **more) -> dict:
    return {
        "counselor": counselor.pk, "what": "add", "first": "2026-11-23", "last": "2026-11-25",
        "weekdays": [0, 2], "start_time": "09:00", "end_time": "11:00", "slot_minutes": 50,
        "break_minutes": 10,
    } | more  # fmt: skip


def test_a_batch_is_previewed_then_done(office, counselor, time_machine):
    time_machine.move_to(NOW)
    browser = office("admin")
    SlotFactory(counselor=counselor, start_at=NOW + timedelta(hours=1))  # Monday 9:00

    preview = browser.post(BATCH, pattern(counselor, preview="1"))
    refused = browser.post(BATCH, pattern(counselor))

    assert "可处理 3 个时段，冲突 1 个" in preview.content.decode()
    assert "与其他时段重叠" in preview.content.decode()
    assert "未作任何更改" in refused.content.decode()
    assert TimeSlot.objects.count() == 1
    browser.post(BATCH, pattern(counselor, partly="on"))
    assert TimeSlot.objects.count() == 4

    browser.post(BATCH, pattern(counselor, what="close", weekdays=[2]))
    assert list(TimeSlot.objects.order_by("start_at").values_list("status", flat=True)) == [
        "open", "open", "closed", "closed",
    ]  # fmt: skip
    browser.post(BATCH, pattern(counselor, what="reopen", weekdays=[2]))
    assert not TimeSlot.objects.filter(status="closed").exists()


def test_a_calendar_that_is_brought_changes_everybodys_slots(
    office, counselor, time_machine, django_capture_on_commit_callbacks
):
    time_machine.move_to(NOW)
    WeeklyTemplateFactory(counselor=counselor, weekday=3, start_time=time(9), end_time=time(10))
    open_slots()
    before = TimeSlot.objects.count()
    text = "date,name,kind,works_as\n2026-11-26,节,off,\n2026-11-28,节,work,4\n"
    file = SimpleUploadedFile("2026.csv", text.encode())

    with django_capture_on_commit_callbacks(execute=True):
        office("admin").post("/admin/counseling/holiday/import/", {"file": file})

    starts = [slot.start_at.date() for slot in TimeSlot.objects.order_by("start_at")]
    assert Holiday.objects.count() == 2
    assert starts[0] == date(2026, 11, 28)
    assert len(starts) == before


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 0),
        ("[1]", 1),
        ("[[[", 0),
        ('[{"date": "2026-02-30", "name": "x"}]', 1),
        ('[{"date": "2026-01-01", "name": "x"}, {"date": "2026-01-01", "name": "x"}]', 2),
        ('[{"date": "2026-01-01", "name": "x", "works_as": 5}]', 1),
        ("date,name,kind,works_as\n2026-01-04,x,work,8", 1),
        ("date,name,kind\n2026-01-04,x,party", 1),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(office, text, line, tmp_path):
    path = tmp_path / "wrong.txt"
    path.write_text(text)

    with pytest.raises(CommandError, match=f"第 {line} 行"):
        call_command("holidays", path)
    page = office("admin").post(
        "/admin/counseling/holiday/import/",
        {"file": SimpleUploadedFile("wrong.txt", (text or " ").encode())},
    )
    assert f"第 {line} 行" in page.content.decode()
    assert not Holiday.objects.exists()


def test_the_shipped_calendar_is_that_of_2026():
    done = import_holidays(shipped_holidays())
    again = import_holidays(shipped_holidays())

    assert (done.added, again.any) == (39, False)
    off = Holiday.objects.filter(kind="off")
    assert (off.count(), off.filter(date__month=2).count()) == (33, 9)
    worked = Holiday.objects.filter(kind="work").order_by("date").values_list("date", "works_as")
    assert [(f"{day:%m-%d}", weekday) for day, weekday in worked] == [
        ("01-04", 4), ("02-14", 4), ("02-28", 0), ("05-09", 1), ("09-20", 1), ("10-10", 2),
    ]  # fmt: skip


def test_a_file_is_the_whole_calendar_of_its_year():
    import_holidays(read_holidays('[{"date": "2027-01-01", "name": "元旦"}]'))
    import_holidays(read_holidays('[{"date": "2026-01-01", "name": "元旦"}]'))

    two = '[{"date": "2026-01-01", "name": "新年"}, {"date": "2026-01-02", "name": "新年"}]'
    done = import_holidays(read_holidays(two))

    assert (done.added, done.changed, done.removed) == (1, 1, 0)
    gone = import_holidays(read_holidays('[{"date": "2026-01-02", "name": "新年"}]'))
    assert (gone.added, gone.changed, gone.removed) == (0, 0, 1)
    assert [str(row) for row in Holiday.objects.all()] == ["2027-01-01 元旦", "2026-01-02 新年"]
