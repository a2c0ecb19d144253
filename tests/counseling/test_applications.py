"""Applying to counsel: written down, sent, decided, and what becomes of it."""

import pytest

from accounts.models import Notification, OperationLog, StatusChange
from accounts.services.holdings import blockers_of
from counseling.models import Counselor, CounselorApplication
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.content import DiseaseTagFactory
from tests.factories.counseling import (
    ApplicationFactory,
    CounselorFactory,
    QualificationFactory,
)
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db

MINE = "/counselor/applications/mine"
BODY = {
    "name": "周田田", "title": "注册心理师", "gender": "female", "city": "上海", "bio": "从业十年",
    "languages": ["普通话", "粤语"], "training": "精神分析三年组", "orientation": "精神动力",
    "practice_years": 10, "practice_hours": 2400, "supervision_hours": 300,
}  # fmt: skip


@pytest.fixture
def reviewer(db):
    return Api(StaffFactory("admin"))


def path(row, what="") -> str:
    return f"/counselor/applications/{row.pk}{what}"


def state(row) -> str:
    row.refresh_from_db()
    return row.status


def told(user) -> list[str]:
    notices = Notification.objects.filter(user=user, channel="in_app").order_by("pk")
    return list(notices.values_list("template", flat=True))


def test_from_the_first_draft_to_a_profile_and_the_role(api, user, reviewer):
    tag = DiseaseTagFactory(name="焦虑")
    assert api.get(MINE).status_code == 404

    draft = data(api.put(MINE, BODY))
    assert (draft["status"], draft["specialties"]) == ("draft", [])
    early = api.post(f"{MINE}/submit")
    assert refusal(early) == (422, 12100)
    assert early.json()["data"] == {"missing": ["specialties", "qualifications"]}
    assert data(reviewer.get("/counselor/applications"))["list"] == []  # a draft is one's own

    certificate = QualificationFactory(user=user)
    data(api.put(MINE, BODY | {"specialty_ids": [tag.pk]}))
    assert data(api.post(f"{MINE}/submit"))["status"] == "pending"
    assert refusal(api.put(MINE, BODY)) == (409, 12101)
    assert refusal(api.post(f"{MINE}/submit")) == (409, 10409)

    row = CounselorApplication.objects.get()
    queue = data(reviewer.get("/counselor/applications", {"status": "pending"}))["list"]
    assert [(one["id"], one["user_id"], one["name"]) for one in queue] == [
        (row.pk, user.pk, "周田田")
    ]
    sent_back = data(reviewer.post(path(row, "/reject"), {"reason": "请补充督导时长"}))
    assert (sent_back["status"], sent_back["review_note"]) == ("rejected", "请补充督导时长")
    assert data(api.get(MINE))["review_note"] == "请补充督导时长"
    assert not Counselor.objects.exists()

    data(api.put(MINE, BODY | {"supervision_hours": 350}))
    again = data(api.post(f"{MINE}/submit"))
    assert (again["status"], again["review_note"]) == ("pending", "")
    data(reviewer.post(f"/counselor/qualifications/{certificate.pk}/approve"))
    data(reviewer.post(path(row, "/approve")))

    counselor = Counselor.objects.get(user=user)
    assert {name: getattr(counselor, name) for name in BODY} == BODY | {"supervision_hours": 350}
    assert list(counselor.specialties.all()) == [tag]
    assert (counselor.status, counselor.qualified_until.year) == ("draft", 9999)
    assert type(user).objects.get(pk=user.pk).has_perm("counseling.practise")
    assert refusal(api.put(MINE, BODY)) == (409, 12102)
    assert told(user) == [
        "counselor_application_rejected", "qualification_approved",
        "counselor_application_approved",
    ]  # fmt: skip
    steps = data(api.get(f"{MINE}/history"))
    assert [(one["from_status"], one["to_status"], one["reason"]) for one in steps] == [
        ("draft", "pending", ""), ("pending", "rejected", "请补充督导时长"),
        ("rejected", "pending", ""), ("pending", "approved", ""),
    ]  # fmt: skip
    assert set(steps[0]) == {"from_status", "to_status", "reason", "created_at"}  # not by whom
    assert OperationLog.objects.filter(admin=reviewer.user, error_message="").count() == 3


def test_what_is_taken_back_is_not_in_the_queue_and_can_be_sent_again(api, user, reviewer):
    row = ApplicationFactory(user=user)
    row.specialties.add(DiseaseTagFactory())
    QualificationFactory(user=user)

    assert data(api.post(f"{MINE}/withdraw"))["status"] == "withdrawn"

    assert refusal(reviewer.post(path(row, "/approve"))) == (409, 10409)
    assert not Counselor.objects.exists()
    assert data(api.post(f"{MINE}/submit"))["status"] == "pending"


def test_nobody_decides_about_themselves_and_a_rejection_has_a_reason():
    boss = StaffFactory("admin")
    own, other = ApplicationFactory(user=boss), ApplicationFactory()
    api = Api(boss)

    assert refusal(api.post(path(own, "/approve"))) == (403, 11017)
    assert refusal(api.post(path(own, "/reject"), {"reason": "x"})) == (403, 11017)
    assert refusal(api.post(path(other, "/reject"), {"reason": "  "})) == (400, 10400)

    assert (state(own), state(other)) == ("pending", "pending")
    assert not StatusChange.objects.filter(model="counseling.counselorapplication").exists()
    assert not Counselor.objects.exists()


def test_who_is_a_counselor_already_does_not_apply(reviewer):
    counselor = CounselorFactory(status="draft")
    row = ApplicationFactory(user=counselor.user)

    assert refusal(Api(counselor.user).put(MINE, BODY)) == (409, 12102)
    assert refusal(reviewer.post(path(row, "/approve"))) == (409, 12102)

    assert state(row) == "pending"
    assert told(counselor.user) == []


def test_another_persons_application_is_staffs_alone(api, anonymous, reviewer):
    row = ApplicationFactory()
    draft = ApplicationFactory(status="draft")

    for method, what in (("get", ""), ("post", "/approve"), ("post", "/reject")):
        assert getattr(api, method)(path(row, what)).status_code == 403
        assert getattr(anonymous, method)(path(row, what)).status_code == 401
    assert anonymous.get(MINE).status_code == 401
    assert api.get(MINE).status_code == 404
    assert reviewer.get(path(draft)).status_code == 404
    assert reviewer.post(path(draft, "/approve")).status_code == 404
    assert (state(row), state(draft)) == ("pending", "draft")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"), ({"practice_hours": -1}, "practice_hours"),
        ({"languages": ["x" * 17]}, "languages"), ({"gender": "robot"}, "gender"),
        ({"specialty_ids": ["x"]}, "specialty_ids"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_fields_name(api, change, field):
    response = api.put(MINE, BODY | change)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == [field]
    assert not CounselorApplication.objects.exists()


def test_specialties_are_tags_in_use(api):
    hidden = DiseaseTagFactory(is_active=False)

    assert refusal(api.put(MINE, BODY | {"specialty_ids": [hidden.pk]})) == (422, 12017)

    assert not CounselorApplication.objects.exists()


def test_P8_an_application_under_review_holds_back_the_deletion(user):
    ApplicationFactory(user=user)

    assert "counselor_application" in {blocker.code for blocker in blockers_of(user)}
    assert blockers_of(UserFactory()) == []
