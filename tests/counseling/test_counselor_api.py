"""GET /counselor, /counselor/{id}, /time-slots, /time-slots/days, /disease-tags."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from counseling.models import TimeSlot
from counseling.serializers.counselors import (
    CounselorDetailSerializer,
    CounselorSerializer,
    SlotSerializer,
)
from counseling.services.counselors import refresh_lowest_price, set_specialties
from tests.factories.accounts import StaffFactory
from tests.factories.content import DiseaseTagFactory
from tests.factories.counseling import CounselorFactory, ServiceFactory, SlotFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Shanghai


@pytest.fixture(autouse=True)
def _monday(time_machine):
    time_machine.move_to(NOW, tick=False)


def counselor(price=300, *, tags=(), free=(), service=None, **fields):
    """A published counselor; free: hours from NOW at which a slot of 50 minutes begins."""
    made = CounselorFactory(**fields)
    ServiceFactory(counselor=made, price=Decimal(price), **service or {})
    refresh_lowest_price(made.pk)
    set_specialties(made.pk, tag_ids=[tag.pk for tag in tags])
    for hours in free:
        SlotFactory(counselor=made, start_at=NOW + timedelta(hours=hours))
    return made


def ids(api, path="/counselor", **query):
    return [row["id"] for row in data(api.get(path, query))["list"]]


def test_everybody_sees_published_counselors(anonymous):
    tag = DiseaseTagFactory(name="焦虑")
    made = counselor(
        "299.50", tags=[tag], free=[5, 3], name="王医生", title="注册心理师", city="上海",
        gender="female", practice_years=8, rating=Decimal("4.75"), rating_count=12,
    )  # fmt: skip
    for status in ("draft", "reviewing", "suspended"):
        counselor(status=status)

    page = data(anonymous.get("/counselor"))

    assert page["pagination"] == {"page": 1, "size": 10, "total": 1}
    assert page["list"] == [
        {
            "id": made.pk, "name": "王医生", "title": "注册心理师", "avatar": "", "city": "上海",
            "gender": "female", "rating": 4.75, "rating_count": 12, "lowest_price": 299.5,
            "practice_years": 8, "next_free_at": "2026-11-23T05:00:00Z",
            "specialties": [{"id": tag.pk, "name": "焦虑"}],
        }
    ]  # fmt: skip


def test_rows_hold_what_the_schema_says(anonymous):
    made = counselor(free=[3])

    row = data(anonymous.get("/counselor"))["list"][0]
    detail = data(anonymous.get(f"/counselor/{made.pk}"))
    slot = data(anonymous.get("/time-slots"))["list"][0]

    assert row.keys() == CounselorSerializer().fields.keys()
    assert detail.keys() == CounselorDetailSerializer().fields.keys()
    assert slot.keys() == SlotSerializer().fields.keys()


def test_Q1_the_list_takes_three_statements_whatever_its_size(anonymous, django_assert_num_queries):
    tags = DiseaseTagFactory.create_batch(3)
    for size in (2, 20):
        for _ in range(size):
            counselor(tags=tags, free=[3, 4])
        anonymous.get("/counselor")
        with django_assert_num_queries(3):  # count, page, specialties
            assert len(ids(anonymous, size=100)) >= size


def test_Q1_a_counselor_takes_two_statements(anonymous, django_assert_num_queries):
    made = counselor(tags=DiseaseTagFactory.create_batch(3), free=[3])
    ServiceFactory(counselor=made, kind="couple", price=Decimal("500.00"))
    ServiceFactory(counselor=made, kind="family", price=Decimal("1.00"), is_active=False)
    anonymous.get("/counselor")

    with django_assert_num_queries(2):
        detail = data(anonymous.get(f"/counselor/{made.pk}"))

    assert [tag["name"] for tag in detail["specialties"]] == [
        tag.name for tag in made.specialties.order_by("sort_order", "pk")
    ]
    assert [service["price"] for service in detail["services"]] == [300.0, 500.0]
    assert detail["languages"] == []


@pytest.mark.parametrize("status", ["draft", "reviewing", "suspended"])
def test_who_is_not_published_does_not_exist(anonymous, status):
    assert anonymous.get(f"/counselor/{counselor(status=status).pk}").status_code == 404


def test_filters_by_specialty_take_any_of_several(anonymous):
    fear, grief, love = DiseaseTagFactory.create_batch(3)
    both, one, other = (
        counselor(tags=[fear, grief]),
        counselor(tags=[grief]),
        counselor(tags=[love]),
    )

    assert set(ids(anonymous, specialty=fear.pk)) == {both.pk}
    assert set(ids(anonymous, specialty=f"{fear.pk},{grief.pk}")) == {both.pk, one.pk}
    assert set(ids(anonymous)) == {both.pk, one.pk, other.pk}


def test_filters_by_price_mode_and_kind_speak_of_one_service(anonymous):
    made = counselor(200, service={"mode": "video"})
    ServiceFactory(counselor=made, mode="offline", kind="couple", price=Decimal("800.00"))

    assert ids(anonymous, price_min=500, price_max=900) == [made.pk]
    assert ids(anonymous, price_min=300, price_max=700) == []
    assert ids(anonymous, mode="offline", price_max=300) == []
    assert ids(anonymous, mode="video", price_max=300) == [made.pk]
    assert ids(anonymous, kind="couple", mode="offline") == [made.pk]
    assert ids(anonymous, kind="family") == []
    assert ids(anonymous, price_max=0) == []


def test_filters_by_gender_city_and_language(anonymous):
    made = counselor(gender="male", city="北京", languages=["普通话", "英语"])
    counselor(gender="female", city="上海", languages=["普通话话"])

    assert ids(anonymous, gender="male") == [made.pk]
    assert ids(anonymous, city="北京") == [made.pk]
    assert ids(anonymous, language="英语") == [made.pk]
    assert ids(anonymous, language="普通话") == [made.pk]
    assert ids(anonymous, language="%") == []


def test_search_finds_chinese_substrings_of_name_and_title(anonymous):
    by_name, by_title = counselor(name="欧阳明月"), counselor(title="家庭治疗师")

    assert ids(anonymous, search="阳明") == [by_name.pk]
    assert ids(anonymous, search="治疗") == [by_title.pk]
    assert ids(anonymous, search="%") == []


def test_filters_by_free_time(anonymous):
    monday = counselor(free=[3])  # 13:00 to 13:50 in Shanghai
    tuesday = counselor(free=[24])
    counselor(free=[0.5])  # too soon: an hour's notice
    counselor()

    assert ids(anonymous, free_on="2026-11-23") == [monday.pk]
    assert ids(anonymous, free_on="2026-11-24") == [tuesday.pk]
    assert ids(anonymous, free_on="2026-11-25") == []
    inside = {"free_from": "2026-11-23T13:00:00+08:00", "free_to": "2026-11-23T13:50:00+08:00"}
    assert ids(anonymous, **inside) == [monday.pk]
    assert ids(anonymous, free_from=inside["free_from"], free_to="2026-11-23T05:49:59Z") == []


def test_orders_by_price_rating_experience_and_next_free_time(anonymous):
    a = counselor(300, rating=Decimal("4.9"), practice_years=3, free=[30])
    b = counselor(100, rating=Decimal("4.1"), practice_years=9)
    c = counselor(200, rating=Decimal("4.5"), practice_years=6, free=[5])

    assert ids(anonymous) == [a.pk, c.pk, b.pk]  # best first
    assert ids(anonymous, ordering="lowest_price") == [b.pk, c.pk, a.pk]
    assert ids(anonymous, ordering="-practice_years") == [b.pk, c.pk, a.pk]
    assert ids(anonymous, ordering="next_free_at") == [c.pk, a.pk, b.pk]
    assert ids(anonymous, ordering="-next_free_at") == [a.pk, c.pk, b.pk]
    no_oracle = anonymous.get("/counselor", {"ordering": "user__phone"})
    assert refusal(no_oracle) == (400, 10400)


@pytest.mark.parametrize(
    "query",
    [
        {"specialty": "x"}, {"price_min": "-1"}, {"price_min": "x"}, {"free_on": "2026-13-01"},
        {"free_from": "yesterday"}, {"mode": "smoke"}, {"gender": "x"}, {"page": "x"},
        {"specialty": "9" * 30}, {"free_on": "9999-12-31"}, {"free_from": "0001-01-01T00:00:00Z"},
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_400_with_its_name(anonymous, query):
    response = anonymous.get("/counselor", query)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == list(query)


def test_lists_have_an_etag(anonymous):
    counselor()
    etag = anonymous.get("/counselor")["ETag"]

    assert anonymous.get("/counselor", if_none_match=etag).status_code == 304
    counselor()
    assert anonymous.get("/counselor", if_none_match=etag).status_code == 200


def test_clients_see_bookable_slots_only(anonymous):
    made = counselor(free=[0.5, 3, 4, 5, 24 * 40])
    slots = list(TimeSlot.objects.order_by("start_at"))
    TimeSlot.objects.filter(pk=slots[2].pk).update(status="held")
    SlotFactory(counselor=counselor(status="suspended"))

    rows = data(anonymous.get("/time-slots", {"counselor": made.pk}))["list"]

    assert [row["id"] for row in rows] == [slots[1].pk, slots[3].pk]
    assert rows[0] == {
        "id": slots[1].pk, "counselor_id": made.pk, "start_at": "2026-11-23T05:00:00Z",
        "end_at": "2026-11-23T05:50:00Z", "status": "open", "date": "2026-11-23", "minutes": 50,
    }  # fmt: skip
    assert ids(anonymous, "/time-slots", status="held") == []


def test_slots_of_a_day_are_those_of_the_day_in_shanghai(anonymous):
    made = counselor(free=[13, 14])  # 23:00 and midnight in Shanghai
    late, midnight = TimeSlot.objects.order_by("start_at")

    assert ids(anonymous, "/time-slots", counselor=made.pk, date="2026-11-23") == [late.pk]
    assert ids(anonymous, "/time-slots", counselor=made.pk, date="2026-11-24") == [midnight.pk]
    window = {"from": "2026-11-23T15:00:00Z", "to": "2026-11-23T16:00:00Z"}
    assert ids(anonymous, "/time-slots", **window) == [late.pk]


def test_a_counselor_sees_all_slots_of_their_own_and_a_planner_everybodys():
    made = counselor(free=[0.5, 3, 5])
    other = counselor(free=[0.5, 3, 5])
    TimeSlot.objects.filter(start_at=NOW + timedelta(hours=3)).update(status="booked")
    own, planner, clerk = (
        Api(made.user),
        Api(StaffFactory("admin")),
        Api(StaffFactory("content_manager")),
    )

    assert len(ids(own, "/time-slots", counselor=made.pk)) == 3
    assert len(ids(own, "/time-slots", counselor=other.pk)) == 1
    assert len(ids(planner, "/time-slots", counselor=other.pk)) == 3
    assert len(ids(planner, "/time-slots", counselor=other.pk, status="booked")) == 1
    assert len(ids(clerk, "/time-slots", counselor=other.pk)) == 1


def test_Q1_slots_take_two_statements(anonymous, django_assert_num_queries):
    made = counselor(free=[3, 4, 5])
    anonymous.get("/time-slots", {"counselor": made.pk})

    with django_assert_num_queries(2):
        anonymous.get("/time-slots", {"counselor": made.pk})


def test_the_days_of_a_month_with_free_time_in_one_statement(anonymous, django_assert_num_queries):
    made = counselor(free=[3, 4, 13, 14, 24 * 7, 24 * 9])  # the last one is in December
    counselor(free=[48])
    data(anonymous.get("/time-slots/days", {"counselor": made.pk, "month": "2026-10"}))

    with django_assert_num_queries(1):
        answer = data(anonymous.get("/time-slots/days", {"counselor": made.pk, "month": "2026-11"}))

    assert answer == {
        "month": "2026-11",
        "days": [
            {"date": "2026-11-23", "free": 3},
            {"date": "2026-11-24", "free": 1},
            {"date": "2026-11-30", "free": 1},
        ],
    }
    december = anonymous.get("/time-slots/days", {"counselor": made.pk, "month": "2026-12"})
    assert data(december)["days"] == [{"date": "2026-12-02", "free": 1}]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"counselor": "1", "month": "2026-13"}, "month"),
        ({"counselor": "1", "month": "11"}, "month"),
        ({"counselor": "1"}, "month"),
        ({"counselor": "x", "month": "2026-11"}, "counselor"),
        ({"month": "2026-11"}, "counselor"),
        ({"counselor": "1", "month": "9999-12"}, "month"),
    ],
)
def test_days_say_what_is_wrong_with_the_question(anonymous, query, field):
    response = anonymous.get("/time-slots/days", query)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == [field]


def test_tags_count_the_published_counselors_who_help(anonymous, django_assert_num_queries):
    fear, grief = DiseaseTagFactory(name="恐惧"), DiseaseTagFactory(name="哀伤")
    hidden = DiseaseTagFactory(is_active=False)
    counselor(tags=[fear])
    counselor(tags=[fear, grief])
    counselor(tags=[fear], status="suspended")

    with django_assert_num_queries(2):
        rows = data(anonymous.get("/disease-tags"))["list"]

    counts = {row["name"]: row["counselor_count"] for row in rows}
    assert counts["恐惧"] == 2
    assert counts["哀伤"] == 1
    assert hidden.name not in counts
    assert timezone.now() == NOW
