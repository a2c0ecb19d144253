"""Publishing counselors, what they help with and what they charge; client profiles."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from config.errors import IllegalTransition, NotFound
from counseling.errors import CounselorIncomplete, SpecialtyUnknown
from counseling.models import ClientProfile, Service
from counseling.services.counselors import (
    publish,
    refresh_lowest_price,
    set_specialties,
    suspend,
)
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.content import DiseaseTagFactory
from tests.factories.counseling import ClientProfileFactory, CounselorFactory, ServiceFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


def test_publishing_makes_a_counselor_bookable_and_gives_the_role():
    counselor = CounselorFactory(status="draft")
    ServiceFactory(counselor=counselor, price=Decimal("400.00"))
    ServiceFactory(counselor=counselor, kind="couple", price=Decimal("250.00"))
    staff = StaffFactory("admin")

    publish(counselor.pk, actor=staff)

    counselor.refresh_from_db()
    assert (counselor.status, counselor.lowest_price) == ("published", Decimal("250.00"))
    user = type(counselor.user).objects.get(pk=counselor.user_id)
    assert user.has_perm("counseling.practise")
    assert user.is_staff is False


def test_a_counselor_without_a_service_on_offer_is_not_published():
    counselor = CounselorFactory(status="draft")
    ServiceFactory(counselor=counselor, is_active=False)

    with pytest.raises(CounselorIncomplete):
        publish(counselor.pk, actor=None)
    counselor.refresh_from_db()
    assert counselor.status == "draft"


def test_suspending_and_publishing_again():
    counselor = ServiceFactory().counselor

    suspend(counselor.pk, actor=None, reason="投诉核实")
    with pytest.raises(IllegalTransition):
        suspend(counselor.pk, actor=None)
    publish(counselor.pk, actor=None)

    counselor.refresh_from_db()
    assert counselor.status == "published"
    with pytest.raises(NotFound):
        publish(10**9, actor=None)


def test_specialties_are_tags_in_use():
    counselor, tag = CounselorFactory(), DiseaseTagFactory()
    set_specialties(counselor.pk, tag_ids=[tag.pk])

    with pytest.raises(SpecialtyUnknown):
        set_specialties(counselor.pk, tag_ids=[DiseaseTagFactory(is_active=False).pk])
    assert list(counselor.specialties.all()) == [tag]


def test_the_lowest_price_is_that_of_what_is_on_offer():
    service = ServiceFactory(price=Decimal("300.00"))
    Service.objects.update(is_active=False)

    refresh_lowest_price(service.counselor_id)

    service.counselor.refresh_from_db()
    assert service.counselor.lowest_price is None


BODY = {
    "name": "小明",
    "relation": "child",
    "birth_date": "2015-03-01",
    "phone": "+86 138-0013-8000",
}


def test_a_user_keeps_profiles_of_those_they_book_for(api, user):
    made = data(api.post("/client-profile", BODY | {"emergency_phone": "13900139000"}), 201)

    assert (made["name"], made["phone"], made["relation"]) == ("小明", "13800138000", "child")
    assert made["guardian_consented_at"] is None
    path = f"/client-profile/{made['id']}"
    assert data(api.get(path)) == made
    listed = data(api.get("/client-profile"))["list"]
    assert [(row["phone"], row["emergency_phone"]) for row in listed] == [
        ("138****8000", "139****9000")
    ]
    changed = data(api.patch(path, {"name": "小亮"}))
    assert (changed["name"], changed["phone"]) == ("小亮", "13800138000")
    assert data(api.patch(path, {"gender": "male"}))["gender"] == "male"
    assert [data(api.patch(path, {"gender": no}))["gender"] for no in (None, "")] == ["", ""]
    assert refusal(api.patch(path, {"gender": "robot"})) == (400, 10400)
    assert data(api.post(path, {"name": "阿亮"}, x_http_method_override="PATCH"))["name"] == "阿亮"
    assert data(api.delete(path)) == {}
    assert api.get(path).status_code == 404
    assert data(api.get("/client-profile"))["list"] == []
    assert ClientProfile.objects.get().archived_at is not None


def test_two_parents_may_give_the_same_phone_number(api):
    data(api.post("/client-profile", BODY), 201)
    data(Api(UserFactory()).post("/client-profile", BODY), 201)


def test_P3_names_and_numbers_are_encrypted_at_rest(api):
    from django.db import connection

    data(api.post("/client-profile", BODY | {"guardian_name": "大明"}), 201)

    with connection.cursor() as cursor:
        cursor.execute("SELECT name, phone, guardian_name FROM counseling_clientprofile")
        assert all(value.startswith("test:") for value in cursor.fetchone())


def test_a_phone_typed_in_full_width_digits_is_the_same_number(api):
    data(api.post("/client-profile", BODY | {"phone": "+86 １３８００１３８０００"}), 201)

    assert ClientProfile.objects.get().phone == "13800138000"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"phone": "12345"}, "phone"),
        ({"phone": "١٣٨٠٠١٣٨٠٠٠"}, "phone"),  # digits of another script
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"birth_date": "1800-01-01"}, "birth_date"),
        ({"relation": "boss"}, "relation"),
        ({"name": ""}, "name"),
        ({"name": "长" * 33}, "name"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_fields_name(api, changes, field):
    response = api.post("/client-profile", BODY | changes)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == [field]
    assert not ClientProfile.objects.exists()


GUARDIAN = {"guardian_consent": True, "guardian_name": "大明", "guardian_phone": "13900139001"}


def test_P9_a_guardian_who_agrees_has_a_name_and_for_a_child_a_number(api):
    no_phone = {"guardian_consent": True, "guardian_name": "大明"}
    assert refusal(api.post("/client-profile", BODY | {"guardian_consent": True})) == (422, 12018)
    assert refusal(api.post("/client-profile", BODY | no_phone)) == (422, 12190)
    assert not ClientProfile.objects.exists()

    made = data(api.post("/client-profile", BODY | GUARDIAN), 201)
    assert made["guardian_consented_at"] is not None
    ((row),) = data(api.get("/client-profile"))["list"]
    assert (made["guardian_phone"], row["guardian_phone"]) == ("13900139001", "139****9001")


@pytest.mark.parametrize(("days", "status"), [(1, 422), (0, 201), (-1, 201)])
def test_P9_a_child_until_the_fourteenth_birthday_in_shanghai(api, time_machine, days, status):
    time_machine.move_to("2026-11-20T16:30:00Z")  # 00:30 of the 21st in Shanghai
    born = date(2012, 11, 21) + timedelta(days=days)
    body = BODY | {"birth_date": f"{born}", "guardian_consent": True, "guardian_name": "大明"}

    assert Api(api.user).post("/client-profile", body).status_code == status


@pytest.mark.parametrize(("born", "status"), [
    ("2026-11-22", 400), ("2026-11-21", 201), ("1905-11-22", 201), ("1905-11-21", 400),
])  # fmt: skip
def test_born_neither_tomorrow_nor_over_120_years_ago(api, time_machine, born, status):
    time_machine.move_to("2026-11-20T16:30:00Z")
    assert Api(api.user).post("/client-profile", BODY | {"birth_date": born}).status_code == status


def test_one_profile_of_oneself(api, user):
    me = BODY | {"relation": "self", "birth_date": "1990-05-01"}
    first, child = (data(api.post("/client-profile", body), 201) for body in (me, BODY))

    assert refusal(api.post("/client-profile", me)) == (409, 12191)
    assert refusal(api.patch(f"/client-profile/{child['id']}", {"relation": "self"})) == (
        409,
        12191,
    )
    assert data(api.get(f"/client-profile/{child['id']}"))["relation"] == "child"
    data(Api(UserFactory()).post("/client-profile", me), 201)
    data(api.delete(f"/client-profile/{first['id']}"))
    data(api.post("/client-profile", me), 201)
    assert ClientProfile.objects.filter(user=user, self_of=user.pk).count() == 1


@pytest.mark.parametrize("change", [
    {"guardian_name": "老王"}, {"birth_date": "2016-01-01"}, {"guardian_phone": "13900139002"},
])  # fmt: skip
def test_P9_another_guardian_has_to_agree_anew(api, user, change):
    client = ClientProfileFactory(
        user=user,
        birth_date=date(2015, 3, 1),
        guardian_name="大明",
        guardian_phone="13900139001",
        guardian_consented_at="2026-11-01T00:00:00Z",
    )
    path = f"/client-profile/{client.pk}"

    assert data(api.patch(path, {"name": "小亮"}))["guardian_consented_at"] is not None
    assert data(api.patch(path, change))["guardian_consented_at"] is None
    again = data(api.patch(path, {"guardian_consent": True}))
    assert again["guardian_consented_at"] is not None
    assert data(api.patch(path, {"guardian_consent": False}))["guardian_consented_at"] is None


def test_another_persons_profile_does_not_exist(api, anonymous):
    theirs = ClientProfileFactory()
    path = f"/client-profile/{theirs.pk}"

    for client in (api, Api(StaffFactory("admin"))):
        assert client.get(path).status_code == 404
        assert client.patch(path, {"name": "x"}).status_code == 404
        assert client.delete(path).status_code == 404
        assert data(client.get("/client-profile"))["list"] == []
    for method in ("get", "patch", "delete"):
        assert getattr(anonymous, method)(path).status_code == 401
    assert anonymous.post("/client-profile", BODY).status_code == 401
    theirs.refresh_from_db()
    assert (theirs.name, theirs.archived_at) == ("李雷", None)


def test_the_owner_is_not_up_to_the_client(api, user):
    other = UserFactory()

    made = data(api.post("/client-profile", BODY | {"user_id": other.pk, "user": other.pk}), 201)
    api.patch(f"/client-profile/{made['id']}", {"user_id": other.pk})

    assert ClientProfile.objects.get().user_id == user.pk
