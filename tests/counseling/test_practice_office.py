"""Applications, certificates and counselors in the back office: looked at and decided."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import OperationLog, User
from counseling.models import Counselor
from tests.factories.accounts import StaffFactory
from tests.factories.counseling import (
    ApplicationFactory,
    CounselorFactory,
    LocationFactory,
    QualificationFactory,
    ServiceFactory,
)
from tests.factories.media import FileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    browser = Client()
    browser.force_login(StaffFactory("admin"))
    return browser


def page(row, name="change") -> str:
    return reverse(f"admin:counseling_{row._meta.model_name}_{name}", args=[row.pk])


def decide(office, row, decision, reason="") -> str:
    body = {"decision": decision, "reason": reason}
    return office.post(page(row, "decide"), body, follow=True).content.decode()


def test_an_application_is_read_with_its_certificates_and_decided(office):
    row = ApplicationFactory(name="周田田", training="沙盘三年")
    certificate = QualificationFactory(user=row.user)
    text = office.get(page(row)).content.decode()
    assert "沙盘三年" in text
    assert page(certificate) in text
    assert office.get(page(ApplicationFactory(status="draft"))).status_code == 302

    assert "请填写原因" in decide(office, row, "reject")
    assert "请补充督导" in decide(office, row, "reject", "请补充督导")  # in the history below

    row.refresh_from_db()
    assert (row.status, row.review_note) == ("rejected", "请补充督导")
    assert not Counselor.objects.exists()


def test_a_certificate_shows_its_scans_to_whoever_reviews_and_its_number_masked(office):
    row = QualificationFactory(number="X-2021-000123")
    row.files.add(FileFactory(owner=row.user, purpose="qualification"))

    text = office.get(page(row)).content.decode()

    assert "000123" not in text
    link = text.split('<a href="/api/v1/file/preview?token=')[1].split('"')[0]
    assert Client().get(f"/api/v1/file/preview?token={link}").status_code == 200
    body = {"field": "number", "reason": "核对注册系统"}
    assert "X-2021-000123" in office.post(page(row, "reveal"), body).content.decode()
    operations = OperationLog.objects.filter(error_message="").order_by("pk")
    assert [row.operation for row in operations] == ["qualification:view", "qualification:reveal"]
    decide(office, row, "approve")
    row.refresh_from_db()
    assert row.status == "approved"


def test_a_page_with_scans_is_one_look_each_time_and_without_them_or_ones_own_none(office):
    reviewer = User.objects.get(is_staff=True)
    seen, empty, own = (
        QualificationFactory(),
        QualificationFactory(),
        QualificationFactory(user=reviewer),
    )
    for row in (seen, own):
        row.files.add(FileFactory(owner=row.user, purpose="qualification"))

    for row in (seen, seen, empty, own):
        assert office.get(page(row)).status_code == 200
    office.get(reverse("admin:counseling_qualification_changelist"))

    looks = OperationLog.objects.values_list("operation", "target_id", "admin", "request_method")
    assert list(looks) == [("qualification:view", str(seen.pk), reviewer.pk, "GET")] * 2


def test_who_may_not_see_certificates_leaves_no_look():
    row = QualificationFactory()
    row.files.add(FileFactory(owner=row.user, purpose="qualification"))
    browser = Client()
    browser.force_login(StaffFactory("finance"))

    assert browser.get(page(row)).status_code == 403
    assert not OperationLog.objects.filter(status="success").exists()


def test_a_counselor_is_sent_back_with_a_reason_and_studios_are_their_own(office):
    counselor = ServiceFactory(counselor__status="reviewing").counselor
    LocationFactory(address="别人的咨询室", counselor=CounselorFactory())
    LocationFactory(address="自己的咨询室", counselor=counselor)
    QualificationFactory(user=counselor.user, issuer="学会")

    text = office.get(page(counselor)).content.decode()
    assert "长期" in text
    assert "学会" in text
    assert "自己的咨询室" in text
    assert "别人的咨询室" not in text
    decide(office, counselor, "send_back", "请补充简介")

    counselor.refresh_from_db()
    assert counselor.status == "draft"


def test_the_queues_take_the_same_statements_whatever_their_size(
    office, django_assert_max_num_queries
):
    for model in ("counselorapplication", "qualification"):
        address = reverse(f"admin:counseling_{model}_changelist")
        office.get(address)
        ApplicationFactory.create_batch(5)
        QualificationFactory.create_batch(5)
        with django_assert_max_num_queries(12):
            assert office.get(address, {"status__exact": "pending"}).status_code == 200
