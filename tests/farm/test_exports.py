"""Claims as a file: by the list's filters, masked, for who may export."""

import csv

import pytest
from django.urls import reverse

from accounts.models import ExportJob
from accounts.services.export_running import run_due
from accounts.services.exports import request_export
from config.errors import Forbidden
from tests.factories.farm import AnimalFactory, active, claimant, claimed

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim():
    return active(claimant(phone="13800138000"), AnimalFactory(name="=小黑"))


def file_of(job: ExportJob, client) -> list[list[str]]:
    run_due()
    answer = client.get(reverse("admin:accounts_exportjob_download", args=[job.pk]), follow=True)
    return list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))


def test_by_the_filters_of_the_list(claim, office):
    admin = office("admin")
    claimed()
    wish = {
        "columns": ["number", "animal", "phone", "price_paid", "status"],
        "filters": {"status": "active", "merchant": str(claim.merchant_id), "amount_from": "1000"},
    }

    rows = file_of(request_export(admin.user, "animal_claim", **wish), admin)

    assert rows == [
        ["认领编号", "动物", "用户手机号", "认领价格(元)", "状态"],
        [claim.number, "'=小黑", "138****8000", "1000.00", "认领中"],
    ]


def test_those_that_are_ticked(claim, office):
    other, admin = claimed(), office("admin")
    page = reverse("admin:farm_animalclaim_changelist")

    admin.post(page, {"action": "export_chosen", "_selected_action": [other.pk]})

    rows = file_of(ExportJob.objects.get(), admin)
    assert [row[0] for row in rows] == ["认领编号", other.number]


def test_who_may_look_may_not_take_along(claim, staff):
    for role in ("customer_service", "finance"):
        with pytest.raises(Forbidden):
            request_export(staff(role), "animal_claim")
    assert not ExportJob.objects.exists()
