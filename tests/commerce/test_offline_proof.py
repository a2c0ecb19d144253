"""A picture of the receipt: kept with the record, for who may see the payment, each look logged."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OperationLog
from commerce.models import OfflineRecord, Order, Refund
from commerce.services.refunds import open_refund
from media.models import File
from media.services.files import sweep
from media.services.personal_data import erase
from media.services.uploads import store_upload
from tests.commerce.books import nothing_changes
from tests.commerce.test_offline_office import FORM, page_of
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.commerce import place
from tests.factories.media import picture, upload
from tests.helpers import Api, confirm, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def finance(office):
    return office("finance")


def with_proof(**more) -> dict:
    return FORM | {"proof": upload(picture(), name="收据.jpg")} | more


def recorded(finance, user) -> OfflineRecord:
    finance.post(page_of(place(user)), with_proof())
    return OfflineRecord.objects.get()


def look(browser, row):
    return browser.get(reverse(f"admin:commerce_{row._meta.model_name}_proof", args=[row.pk]))


def test_it_is_kept_with_the_record_as_a_private_picture(finance, user):
    record = recorded(finance, user)

    assert (record.proof.purpose, record.proof.visibility) == ("proof", "owner")
    assert (record.proof.owner, record.proof.content_type) == (finance.user, "image/webp")
    assert Order.objects.get().status == "paid"
    with pytest.raises(ProtectedError):
        record.proof.delete()


def test_it_may_be_left_out(finance, user):
    finance.post(page_of(place(user)), FORM)

    record = OfflineRecord.objects.get()
    assert record.proof is None
    assert "没有上传凭证图片" in finance.get(look(finance, record).url).content.decode()


def test_refunds_have_one_as_well(finance, user):
    record = recorded(finance, user)
    refund = open_refund(record.payment, amount=record.amount, key="c", reason_code="cancelled")
    Refund.objects.update(status="processing")

    finance.post(page_of(refund), with_proof(reference="SJ-0002"))

    back = OfflineRecord.objects.get(refund=refund)
    assert back.proof.purpose == "proof"
    assert back.proof != record.proof


def test_what_is_no_picture_records_nothing(finance, user):
    page = page_of(place(user))
    for content in (b"%PDF-1.7 not a picture", b"", b"<script>"):
        with nothing_changes():
            shown = finance.post(page, FORM | {"proof": upload(content, name="a.jpg")})
            assert shown.status_code == 200
    assert not File.objects.exists()


def test_a_refused_record_leaves_no_picture(finance, user):
    recorded(finance, user)
    other = place(UserFactory())

    shown = finance.post(page_of(other), with_proof()).content.decode()

    assert "该凭证号已登记过" in shown
    assert OfflineRecord.objects.count() == 1
    assert File.objects.filter(status="ready").count() == 1


def test_who_is_asked_for_the_password_chooses_it_again(finance, user):
    page = page_of(place(user))
    confirm(finance, finance.user, at=timezone.now() - timedelta(hours=1))

    asked = finance.post(page, with_proof()).content.decode()
    assert 'name="proof_chosen"' in asked
    confirm(finance, finance.user)
    with nothing_changes():
        again = finance.post(page, FORM | {"proof_chosen": "1"}).content.decode()
    assert "验证身份后请重新选择凭证图片" in again
    finance.post(page, with_proof(proof_chosen="1"))

    assert OfflineRecord.objects.get().proof is not None


@pytest.mark.parametrize("role", ["finance", "customer_service", "admin"])
def test_who_may_see_the_payment_looks_at_it_and_it_is_logged(office, finance, user, role):
    record = recorded(finance, user)
    browser = office(role)
    before = OperationLog.objects.count()

    answer = look(browser, record.payment)

    assert answer.status_code == 302
    assert Client().get(answer.url)["Content-Type"] == "image/webp"
    assert Api(user).get(answer.url.removeprefix("/api/v1")).status_code == 403
    row = OperationLog.objects.order_by("-pk").first()
    assert OperationLog.objects.count() == before + 1
    assert row.admin_id == browser.user.pk
    assert f"/payment/{record.payment_id}/proof" in row.request_url


def test_nobody_else_sees_or_deletes_it(office, finance, user):
    record = recorded(finance, user)
    file = record.proof

    assert look(office("content_manager"), record.payment).status_code == 403
    for person in (user, UserFactory(), StaffFactory("content_manager")):
        assert not File.objects.readable_by(person).filter(pk=file.pk).exists()
        assert refusal(Api(person).get(f"/file/{file.pk}")) == (404, 10404)
    own = Api(finance.user)
    assert own.delete(f"/file/{file.pk}").status_code == 404
    sent = own.client.post(
        "/api/v1/file/upload", {"file": upload(picture()), "purpose": "proof"}, headers=own.headers
    )
    assert refusal(sent) == (400, 10400)  # by the form alone


def test_it_outlives_the_account_of_who_handed_it_in(finance, user):
    record, content = recorded(finance, user), picture()
    other = store_upload(
        finance.user, purpose="image", content=BytesIO(content), size=len(content), name="a.jpg"
    )

    erase(finance.user)
    finance.user.status = "deleted"
    finance.user.save()
    sweep(timezone.now())

    record.refresh_from_db()
    assert record.proof.status == "ready"
    assert not File.objects.filter(pk=other.pk, status="ready").exists()
