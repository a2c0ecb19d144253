"""Counselors, time and appointments in the back office: services move them, permissions gate it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from commerce.models import Refund
from counseling.models import Appointment, Counselor, Service, TimeSlot, WeeklyTemplate
from tests.addresses import PRIVATE
from tests.factories.accounts import UserFactory
from tests.factories.content import DiseaseTagFactory
from tests.factories.counseling import (
    ClientProfileFactory,
    CounselorFactory,
    ServiceFactory,
    SlotFactory,
    WeeklyTemplateFactory,
    booked,
    booker,
    confirmed,
)

pytestmark = pytest.mark.django_db

MODELS = ["counselor", "service", "weeklytemplate", "timeslot", "appointment"]


def page(model, name="changelist", *args):
    return reverse(f"admin:counseling_{model}_{name}", args=args)


def run(browser, model, action, *rows):
    body = {"action": action, "_selected_action": [row.pk for row in rows]}
    return browser.post(page(model), body, follow=True).content.decode()


@pytest.mark.parametrize("model", [*MODELS, "clientprofile"])
def test_pages_open_for_those_who_may(office, model):
    appointment = confirmed()
    WeeklyTemplateFactory(weekday=0, start_time="09:00", end_time="10:00")
    browser = office("super_admin")

    rows = browser.get(page(model))

    assert rows.status_code == 200
    row = rows.context["cl"].queryset.first()
    assert browser.get(page(model, "change", row.pk)).status_code == 200
    assert appointment.status == "confirmed"


@pytest.mark.parametrize("model", MODELS)
def test_a_content_manager_has_no_business_here(office, model):
    assert office("content_manager").get(page(model)).status_code == 403


def test_lists_cost_the_same_at_any_size(office, django_assert_max_num_queries):
    browser = office("admin")
    for _ in range(4):
        made = confirmed()
        made.counselor.specialties.add(DiseaseTagFactory())
    for model in MODELS:
        browser.get(page(model))
        with django_assert_max_num_queries(12):
            browser.get(page(model))


def inlines(services=(), templates=()):
    body = {}
    for prefix, rows in (
        ("services", services),
        ("locations", ()),
        ("weekly_templates", templates),
    ):
        body |= {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0}
        for number, row in enumerate(rows):
            body |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return body


def test_staff_write_a_counselor_with_services_and_a_week(office):
    user, tag = UserFactory(), DiseaseTagFactory()
    offered = {"mode": "video", "minutes": 50}
    body = {
        "user": user.pk, "name": "王医生", "title": "心理师", "gender": "female", "city": "上海",
        "languages": "普通话、粤语，英语", "specialties": [tag.pk], "practice_years": 5,
        "practice_hours": 800, "supervision_hours": 90, "min_notice_minutes": 60,
        "status": "published", "rating": "5",
    } | inlines(
        services=[
            offered | {"kind": "individual", "price": "300", "is_active": "on"},
            offered | {"kind": "couple", "price": "200"},
        ],
        templates=[
            {
                "weekday": timezone.localdate(timezone.now() + timedelta(days=1)).weekday(),
                "start_time": "09:00", "end_time": "12:00", "slot_minutes": 50,
                "break_minutes": 10, "every_weeks": 1, "is_active": "on",
            }
        ],
    )  # fmt: skip

    response = office("admin").post(page("counselor", "add"), body)

    assert response.status_code == 302, response.context["errors"]
    counselor = Counselor.objects.get()
    assert (counselor.status, counselor.rating) == ("draft", 0)
    assert counselor.languages == ["普通话", "粤语", "英语"]
    assert counselor.lowest_price == Decimal("300.00")
    assert list(counselor.specialties.all()) == [tag]
    assert TimeSlot.objects.count() == 4 * 3


@pytest.mark.parametrize("address", [*PRIVATE[:-1], "x" * 501])
def test_a_portrait_nobody_may_be_sent_to_is_refused(office, address):
    counselor = CounselorFactory()
    body = {"name": counselor.name, "avatar": address} | inlines(services=[], templates=[])

    response = office("admin").post(page("counselor", "change", counselor.pk), body)

    assert "请填写 http 或 https 的公网网址" in response.context["adminform"].form.errors["avatar"]
    counselor.refresh_from_db()
    assert counselor.avatar == ""


def test_publishing_and_suspending_go_through_the_services(office):
    ready, empty = CounselorFactory(status="draft"), CounselorFactory(status="draft")
    ServiceFactory(counselor=ready)
    browser = office("admin")

    shown = run(browser, "counselor", "publish_selected", ready, empty)

    assert "已处理 1 条" in shown
    assert "资料不完整" in shown
    ready.refresh_from_db()
    empty.refresh_from_db()
    assert (ready.status, empty.status) == ("published", "draft")
    run(browser, "counselor", "suspend_selected", ready)
    ready.refresh_from_db()
    assert ready.status == "suspended"
    assert "草稿" in browser.get(page("counselor", "change", ready.pk)).content.decode()


def test_actions_need_their_permission(office):
    ready = ServiceFactory(counselor__status="draft").counselor
    appointment = confirmed()
    slot = SlotFactory()

    run(office("customer_service"), "counselor", "publish_selected", ready)
    run(office("customer_service"), "timeslot", "close_selected", slot)
    run(office("finance"), "appointment", "cancel_selected", appointment)

    ready.refresh_from_db()
    slot.refresh_from_db()
    appointment.refresh_from_db()
    assert (ready.status, slot.status, appointment.status) == ("draft", "open", "confirmed")


def test_a_price_change_is_seen_in_the_list_of_counselors(office):
    service = ServiceFactory(price=Decimal("300.00"))
    body = {"kind": "individual", "mode": "video", "minutes": 50, "price": "260", "is_active": "on"}

    office("admin").post(page("service", "change", service.pk), body)

    assert Service.objects.get().price == Decimal("260.00")
    assert Counselor.objects.get().lowest_price == Decimal("260.00")


def tomorrow(**fields):
    day = timezone.localdate(timezone.now() + timedelta(days=1))
    return {
        "weekday": day.weekday(), "start_time": "09:00", "end_time": "12:00", "slot_minutes": 50,
        "break_minutes": 10, "every_weeks": 1, "is_active": "on",
    } | fields  # fmt: skip


def test_a_weekly_template_makes_changes_and_removes_slots(office):
    counselor, browser = CounselorFactory(), office("admin")

    browser.post(page("weeklytemplate", "add"), tomorrow(counselor=counselor.pk))
    template = WeeklyTemplate.objects.get()
    assert TimeSlot.objects.count() == 12
    browser.post(page("weeklytemplate", "change", template.pk), tomorrow(end_time="11:00"))
    assert TimeSlot.objects.count() == 8
    TimeSlot.objects.first().delete()
    assert "生成 1 个时段" in run(browser, "weeklytemplate", "make_slots", template)
    run_delete = {"action": "delete_selected", "_selected_action": [template.pk], "post": "yes"}
    browser.post(page("weeklytemplate"), run_delete)

    assert not WeeklyTemplate.objects.exists()
    assert not TimeSlot.objects.exists()


def test_a_slot_by_hand_is_made_unless_it_clashes(office):
    counselor, browser = CounselorFactory(), office("admin")
    day = timezone.localdate(timezone.now() + timedelta(days=1)).isoformat()

    def add(start, end):
        body = {
            "counselor": counselor.pk, "start_at_0": day, "start_at_1": start,
            "end_at_0": day, "end_at_1": end,
        }  # fmt: skip
        return browser.post(page("timeslot", "add"), body)

    assert add("09:00", "10:00").status_code == 302
    clash = add("09:30", "10:30")
    past = add("10:30", "10:00")

    assert "与该咨询师的其他时段重叠" in clash.content.decode()
    assert past.status_code == 200
    slot = TimeSlot.objects.get()
    assert f"{timezone.localtime(slot.start_at):%H:%M}" == "09:00"


def test_slots_are_closed_and_reopened_but_not_those_somebody_holds(office):
    free, held, browser = SlotFactory(), booked().slot, office("admin")

    shown = run(browser, "timeslot", "close_selected", free, held)

    assert "该时段已有预约" in shown
    assert [TimeSlot.objects.get(pk=slot.pk).status for slot in (free, held)] == ["closed", "held"]
    run(browser, "timeslot", "reopen_selected", free)
    assert TimeSlot.objects.get(pk=free.pk).status == "open"


def test_staff_cancel_with_full_refund_and_complete(office):
    first, second, browser = confirmed(), confirmed(), office("customer_service")
    past = timezone.now() - timedelta(hours=1)
    Appointment.objects.filter(pk=second.pk).update(start_at=past)

    run(browser, "appointment", "cancel_selected", first)
    assert "咨询尚未开始" in run(browser, "appointment", "no_show_selected", confirmed())
    run(browser, "appointment", "complete_selected", second)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("cancelled", "completed")
    assert Refund.objects.get().amount == Decimal("300.00")
    shown = browser.get(page("appointment", "change", first.pk)).content.decode()
    assert "平台取消" in shown
    assert 'name="_save"' not in shown


def test_P2_what_clients_wrote_is_not_shown(office):
    appointment = confirmed(booker(name="韩梅梅", phone="13800138000"), note="我的秘密")
    browser = office("super_admin")

    pages = [
        browser.get(page("appointment")),
        browser.get(page("appointment", "change", appointment.pk)),
        browser.get(page("clientprofile")),
        browser.get(page("clientprofile", "change", appointment.client_id)),
    ]

    for shown in pages:
        text = shown.content.decode()
        assert "韩梅梅" not in text
        assert "13800138000" not in text
        assert "我的秘密" not in text
    assert "韩**" in pages[3].content.decode()
    assert "138****8000" in pages[3].content.decode()


def test_client_profiles_are_read_only(office):
    client = ClientProfileFactory()
    browser = office("super_admin")

    browser.post(page("clientprofile", "change", client.pk), {"relation": "child"})

    client.refresh_from_db()
    assert client.relation == "self"
    assert browser.get(page("clientprofile", "add")).status_code == 403
