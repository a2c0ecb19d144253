"""Evidence in disputes: each side's own pictures, for the two and for who decides, nobody else."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import OperationLog
from counseling.models import Dispute, DisputeEvidence
from media.models import File
from tests.commerce.books import nothing_changes
from tests.counseling.test_disputes import over
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.counseling import confirmed
from tests.factories.media import FileFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


def shot(owner, **fields) -> File:
    return FileFactory(owner=owner, **{"purpose": "evidence"} | fields)


@pytest.fixture
def appointment(time_machine):
    appointment = over()
    time_machine.move_to(appointment.end_at + timedelta(hours=1))
    return appointment


def dispute(appointment, ids, key="k" * 8):
    body = {"appointment_id": appointment.pk, "reason": "service", "text": "心里话"}
    return Api(appointment.user).post("/dispute", body | {"image_ids": ids}, key=key)


def path_of(url) -> str:
    return "/api/v1/file/" + url.split("/api/v1/file/")[1]


def test_both_sides_put_in_their_own_and_see_all(appointment):
    client, counselor = appointment.user, appointment.counselor.user
    theirs, mine = [shot(client), shot(client)], shot(counselor)

    made = data(dispute(appointment, [theirs[1].pk, theirs[0].pk]), 201)
    body = {"answer": "另一面", "image_ids": [mine.pk]}
    data(Api(counselor).post(f"/dispute/{made['id']}/answer", body))

    for person in (client, counselor):
        evidence = data(Api(person).get(f"/dispute/{made['id']}"))["evidence"]
        assert [(one["id"], one["side"]) for one in evidence] == [
            (theirs[1].pk, "client"), (theirs[0].pk, "client"), (mine.pk, "counselor"),
        ]  # fmt: skip
        for one in evidence:
            assert Client().get(path_of(one["url"])).status_code == 200
            assert Client().get(path_of(one["thumb_url"])).status_code == 200
            other = Api(UserFactory())
            assert other.client.get(path_of(one["url"]), headers=other.headers).status_code == 403
    assert not OperationLog.objects.filter(admin__in=[client, counselor]).exists()


def test_staff_who_decide_look_at_it_and_it_is_logged(appointment):
    made = data(dispute(appointment, [shot(appointment.user).pk]), 201)
    staff = StaffFactory("customer_service")
    before = OperationLog.objects.count()

    (one,) = data(Api(staff).get(f"/dispute/{made['id']}"))["evidence"]

    assert Client().get(path_of(one["url"])).status_code == 200
    row = OperationLog.objects.order_by("-pk").first()
    assert (OperationLog.objects.count(), row.admin_id) == (before + 1, staff.pk)


@pytest.mark.parametrize("role", [None, "finance", "content_manager"])
def test_for_everybody_else_there_is_nothing(appointment, role):
    file = shot(appointment.user)
    made = data(dispute(appointment, [file.pk]), 201)
    person = StaffFactory(role) if role else UserFactory()

    assert Api(person).get(f"/dispute/{made['id']}").status_code == 404
    assert Api(person).get(f"/file/{file.pk}").status_code == 404
    assert not File.objects.readable_by(person).filter(pk=file.pk).exists()


def test_the_counselor_of_another_session_sees_nothing(appointment):
    file = shot(appointment.user)
    data(dispute(appointment, [file.pk]), 201)

    assert not File.objects.readable_by(confirmed().counselor.user).filter(pk=file.pk).exists()
    assert File.objects.readable_by(appointment.counselor.user).filter(pk=file.pk).exists()


def test_only_ones_own_unused_and_six_at_most(appointment):
    client = appointment.user
    many = [shot(client).pk for _ in range(7)]
    wrong = [shot(UserFactory()), shot(client, purpose="image"), shot(client, status="deleted")]

    with nothing_changes():
        assert refusal(dispute(appointment, many, key="a" * 8)) == (400, 10400)
        for place, file in enumerate(wrong):
            answer = dispute(appointment, [many[0], file.pk], key=f"{place}" * 8)
            assert refusal(answer) == (422, 14028)
    assert not Dispute.objects.exists()
    data(dispute(appointment, many[:6]), 201)
    assert DisputeEvidence.objects.count() == 6
    assert refusal(Api(client).delete(f"/file/{many[0]}")) == (409, 19006)


def test_the_back_office_shows_it_to_who_decides(client, appointment):
    made = data(dispute(appointment, [shot(appointment.user).pk]), 201)
    page = reverse("admin:counseling_dispute_evidence", args=[made["id"]])
    staff = StaffFactory("customer_service")
    client.force_login(staff)
    before = OperationLog.objects.count()

    shown = client.get(page).content.decode()

    assert "来访者提交的证据" in shown
    link = shown.split('<img src="')[1].split('"')[0]
    assert Client().get(link).status_code == 200
    assert OperationLog.objects.count() == before + 1
    client.force_login(StaffFactory("content_manager"))
    assert client.get(page).status_code == 403
