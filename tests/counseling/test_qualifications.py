"""Certificates: handed in, reviewed, renewed, expired; nobody counsels without (S-7, P-4)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import Notification, OperationLog
from config.errors import DomainError
from counseling.errors import SlotNotBookable
from counseling.models import Counselor, Qualification
from counseling.services.counselors import publish
from counseling.services.qualifications import (
    approve_qualification,
    reject_qualification,
    remind_of_expiry,
)
from tests.counseling.booking import attempt, refused
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.counseling import (
    QualificationFactory,
    ServiceFactory,
    SlotFactory,
    booker,
)
from tests.factories.media import FileFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db

PATH = "/counselor/qualifications"
BODY = {
    "kind": "registration", "number": "X-2021-000123", "issuer": "中国心理学会",
    "issued_on": "2021-03-01", "expires_on": "2027-03-01",
}  # fmt: skip
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai


@pytest.fixture(autouse=True)
def _today(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def reviewer(db):
    return Api(StaffFactory("admin"))


def scan(user, **fields):
    return FileFactory(owner=user, **{"purpose": "qualification"} | fields)


def certified(*ends, **fields) -> Counselor:
    """A published counselor whose approved qualifications end on these days, by review."""
    counselor = ServiceFactory(counselor__status="draft").counselor
    Counselor.objects.update(qualified_until=None)
    for end in ends:
        row = QualificationFactory(user=counselor.user, expires_on=end, **fields)
        approve_qualification(row.pk, actor=None)
    publish(counselor.pk, actor=None)
    return counselor


def listed(anonymous) -> list[int]:
    return [row["id"] for row in data(anonymous.get("/counselor"))["list"]]


def test_handed_in_masked_reviewed_changed_and_approved(api, user, reviewer):
    file = scan(user)
    made = data(api.post(PATH, BODY | {"file_ids": [file.pk]}), 201)

    assert (made["status"], made["number"], made["expires_on"]) == (
        "pending", "****23", "2027-03-01"
    )  # fmt: skip
    assert [one["id"] for one in made["files"]] == [file.pk]
    assert refusal(api.delete(f"/file/{file.pk}")) == (409, 19006)  # it is used
    own = f"{PATH}/{made['id']}"
    data(reviewer.post(f"{own}/reject", {"reason": "照片不清"}))
    assert data(api.get(own))["review_note"] == "照片不清"
    again = data(api.patch(own, {"issuer": "中国心理学会注册系统", "file_ids": [scan(user).pk]}))
    assert (again["status"], again["review_note"]) == ("pending", "")
    data(reviewer.post(f"{own}/approve"))
    assert refusal(api.patch(own, {"issuer": "x"})) == (409, 12103)
    steps = data(api.get(f"{own}/history"))
    assert [one["to_status"] for one in steps] == ["rejected", "pending", "approved"]
    templates = Notification.objects.filter(user=user, channel="in_app").order_by("pk")
    assert list(templates.values_list("template", flat=True)) == [
        "qualification_rejected", "qualification_approved",
    ]  # fmt: skip


def test_P3_P4_the_number_is_sealed_and_masked_for_everybody(api, user, reviewer):
    made = data(api.post(PATH, BODY | {"file_ids": [scan(user).pk]}), 201)

    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM counseling_qualification")
        assert cursor.fetchone()[0].startswith("test:")
    for client in (api, reviewer):
        for answer in (client.get(PATH), client.get(f"{PATH}/{made['id']}")):
            assert "000123" not in answer.content.decode()
    stranger = Api(UserFactory())
    assert stranger.get(f"{PATH}/{made['id']}").status_code == 404
    assert stranger.patch(f"{PATH}/{made['id']}", {"issuer": "x"}).status_code == 404
    assert data(stranger.get(PATH))["list"] == []


def test_F3_scans_open_for_their_owner_and_for_reviewers_alone(api, user, reviewer):
    made = data(api.post(PATH, BODY | {"file_ids": [scan(user).pk]}), 201)

    for client in (api, reviewer):
        row = data(client.get(f"{PATH}/{made['id']}"))
        link = row["files"][0]["url"].partition("/api/v1")[2]
        assert client.get(link).status_code == 200
        assert Api(UserFactory()).get(link).status_code == 403


def test_staff_who_are_handed_scans_stand_in_the_operation_log_and_their_owner_does_not(
    api, user, reviewer
):
    made = data(api.post(PATH, BODY | {"file_ids": [scan(user).pk]}), 201)
    api.get(PATH), api.get(f"{PATH}/{made['id']}")
    assert not OperationLog.objects.exists()

    (
        reviewer.get(f"{PATH}/{made['id']}"),
        reviewer.get(PATH),
        reviewer.get(PATH, {"status": "approved"}),
    )

    looks = OperationLog.objects.order_by("pk").values_list("admin", "operation", "target_id")
    assert list(looks) == [
        (reviewer.user.pk, "qualification:retrieve", str(made["id"])),
        (reviewer.user.pk, "qualification:list", ""),
    ]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"expires_on": "2026-11-22"}, (422, 12104)),  # yesterday
        ({"expires_on": "2021-03-01"}, (422, 12104)),
        ({"file_ids": []}, (400, 10400)),
        ({"kind": "licence to kill"}, (400, 10400)),
        ({"file_ids": "theirs"}, (422, 14028)),
        ({"file_ids": "picture"}, (422, 14028)),
    ],
)
def test_what_is_no_certificate_is_refused(api, user, change, answer):
    files = {
        "theirs": [scan(UserFactory()).pk],
        "picture": [scan(user, purpose="image").pk],
        None: [scan(user).pk],
    }
    wanted = change.get("file_ids")
    body = BODY | {"file_ids": files[None]} | change
    if wanted in ("theirs", "picture"):
        body["file_ids"] = files[wanted]

    assert refusal(api.post(PATH, body)) == answer

    assert not Qualification.objects.exists()


def test_one_that_ends_today_counts_until_midnight(api, user):
    made = api.post(PATH, BODY | {"expires_on": "2026-11-23", "file_ids": [scan(user).pk]})

    assert made.status_code == 201


def test_nobody_reviews_their_own():
    boss = StaffFactory("admin")
    row = QualificationFactory(user=boss)

    assert refusal(Api(boss).post(f"{PATH}/{row.pk}/approve")) == (403, 11017)

    row.refresh_from_db()
    assert row.status == "pending"


def test_without_a_valid_one_nobody_is_published():
    counselor = ServiceFactory(counselor__status="draft").counselor
    Counselor.objects.update(qualified_until=NOW)

    with pytest.raises(DomainError) as caught:
        publish(counselor.pk, actor=None)

    assert caught.value.data == {"missing": ["qualifications"]}
    counselor.refresh_from_db()
    assert counselor.status == "draft"


def test_S7_expired_is_hidden_and_not_booked_to_the_second_and_renewal_brings_back(
    anonymous, time_machine
):
    counselor = certified(date(2026, 11, 24), date(2026, 11, 30))
    service = counselor.services.get()
    early, late = (
        SlotFactory(counselor=counselor, start_at=NOW + timedelta(days=days)) for days in (10, 11)
    )
    client = booker()
    end = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # midnight in Shanghai

    time_machine.move_to(end - timedelta(seconds=1), tick=False)
    assert listed(anonymous) == [counselor.pk]
    assert data(anonymous.get("/time-slots", {"counselor": counselor.pk}))["list"] != []
    attempt(client, early, service)

    time_machine.move_to(end, tick=False)
    assert listed(anonymous) == []
    assert anonymous.get(f"/counselor/{counselor.pk}").status_code == 404
    assert data(anonymous.get("/time-slots", {"counselor": counselor.pk}))["list"] == []
    assert refused(SlotNotBookable, client, late, service).data == {"reason": "counselor"}
    assert data(Api(counselor.user).get("/counselor/mine"))["practising"] is False

    renewed = QualificationFactory(user=counselor.user, expires_on=date(2031, 11, 30))
    assert listed(anonymous) == []  # handed in is not approved
    approve_qualification(renewed.pk, actor=None)
    assert listed(anonymous) == [counselor.pk]
    attempt(client, late, service)


def test_S7_an_approved_one_that_proves_false_does_not_count_any_more(anonymous):
    counselor = certified(None)
    row = counselor.user.qualifications.get()
    assert listed(anonymous) == [counselor.pk]

    reject_qualification(row.pk, actor=None, reason="查无此证")

    assert listed(anonymous) == []
    counselor.refresh_from_db()
    assert (counselor.status, counselor.qualified_until) == ("published", None)


def test_one_that_ended_while_it_waited_is_not_approved(reviewer):
    row = QualificationFactory(expires_on=date(2026, 11, 22))

    assert refusal(reviewer.post(f"{PATH}/{row.pk}/approve")) == (422, 12104)

    row.refresh_from_db()
    assert row.status == "pending"


def test_reminders_thirty_and_seven_days_ahead_each_once():
    row = QualificationFactory(status="approved", expires_on=date(2027, 1, 31))
    for status in ("pending", "rejected"):
        QualificationFactory(status=status, expires_on=date(2027, 1, 31))
    QualificationFactory(status="approved", expires_on=None)
    end = datetime(2027, 1, 31, 1, 0, tzinfo=UTC)

    told = [
        remind_of_expiry(now=end - timedelta(days=days)) for days in (31, 30, 29, 8, 7, 7, 1, -1)
    ]

    assert told == [0, 1, 0, 0, 1, 0, 0, 0]
    notices = Notification.objects.filter(user=row.user, channel="in_app").order_by("pk")
    assert [one.context["days"] for one in notices] == [30, 7]
    assert notices[0].context["until"] == "2027年01月31日"


def test_at_most_twenty_of_one_person(api, user):
    QualificationFactory.create_batch(20, user=user)

    response = api.post(PATH, BODY | {"file_ids": [scan(user).pk]})

    assert refusal(response) == (409, 12105)
    assert response.json()["data"] == {"at_most": 20}


def test_the_list_takes_the_same_statements_whatever_its_size(
    api, user, django_assert_max_num_queries
):
    for _ in range(8):
        QualificationFactory(user=user).files.add(scan(user))
    api.get(PATH)

    with django_assert_max_num_queries(4):  # login, count, page, files
        assert len(data(api.get(PATH))["list"]) == 8
