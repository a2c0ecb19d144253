"""Staff see numbers masked; one in full needs a right, a reason and a row in the log (P-4)."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import middleware
from accounts.fields import Sealed
from accounts.models import Notification, OperationLog, RateCounter, User
from accounts.services import reveals
from counseling.models import ClientProfile
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.counseling import ClientProfileFactory
from tests.helpers import Api, data, refusal

PHONE, WHY = "13912345678", "用户来电核对预约"
pytestmark = pytest.mark.django_db


@pytest.fixture
def bob():
    return UserFactory(username="bob", nickname="鲍勃", phone=PHONE, email="bob@x.cn")


@pytest.fixture
def client_row(bob):
    return ClientProfileFactory(user=bob, name="林小满", phone=PHONE, guardian_name="")


def asking(staff, role="admin") -> Api:
    return Api(staff(role, username=f"a_{role}"))


def logged() -> list[OperationLog]:
    return list(OperationLog.objects.filter(operation__contains="reveal").order_by("pk"))


def test_P4_a_number_in_full_leaves_exactly_one_row_without_it(staff, bob):
    api = asking(staff)

    response = api.post(f"/user/{bob.pk}/reveal", {"field": "phone", "reason": WHY})

    assert data(response) == {"field": "phone", "value": PHONE}
    assert response["Cache-Control"] == "no-store"
    (row,) = logged()
    assert (row.admin_id, row.operation, row.target_type, row.target_id, row.status) == (
        api.user.pk, "user:reveal", "user", str(bob.pk), "success",
    )  # fmt: skip
    assert row.request_params == {"field": "phone", "reason": WHY}
    assert PHONE not in str(vars(row))


def test_an_address_and_what_there_is_not(staff, bob):
    api, nobody = asking(staff), UserFactory()
    ask = {"field": "email", "reason": WHY}

    assert data(api.post(f"/user/{bob.pk}/reveal", ask))["value"] == "bob@x.cn"
    assert data(api.post(f"/user/{nobody.pk}/reveal", ask))["value"] == ""


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"field", "reason"}),
        ({"field": "phone"}, {"reason"}),
        ({"field": "phone", "reason": "  "}, {"reason"}),
        ({"field": "phone", "reason": "x"}, {"reason"}),
        ({"field": "phone", "reason": "x" * 201}, {"reason"}),
        ({"field": "password", "reason": WHY}, {"field"}),
        ({"field": "row_key", "reason": WHY}, {"field"}),
    ],
)
def test_a_reason_is_needed_and_only_what_is_masked_is_shown(staff, bob, body, wrong):
    response = asking(staff).post(f"/user/{bob.pk}/reveal", body)

    assert response.status_code == 400
    assert set(response.json()["data"]) == wrong
    assert PHONE not in response.content.decode()
    assert RateCounter.objects.filter(key__startswith="reveal:").exists() is False


@pytest.mark.parametrize("role", ["customer_service", "finance", "content_manager"])
def test_without_the_right_nobody_sees_and_the_refusal_is_logged(staff, bob, role):
    response = asking(staff, role).post(f"/user/{bob.pk}/reveal", {"field": "phone", "reason": WHY})

    assert response.status_code == 403
    assert PHONE not in response.content.decode()
    assert [row.status for row in logged()] == ["failed"]


def test_without_showing_who_one_is_nobody_sees(staff, bob):
    api = Api(staff("admin"), stepped_up=False)

    assert refusal(api.post(f"/user/{bob.pk}/reveal", {"field": "phone", "reason": WHY})) == (
        403, 11100,
    )  # fmt: skip


def test_the_hour_has_a_limit_that_the_next_hour_has_not(staff, bob, monkeypatch, time_machine):
    time_machine.move_to(timezone.now().replace(minute=30, second=0), tick=False)
    monkeypatch.setattr(reveals, "PER_HOUR", 2)
    api, ask = asking(staff), {"field": "phone", "reason": WHY}
    other = asking(staff, "super_admin")

    answers = [api.post(f"/user/{bob.pk}/reveal", ask) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert refusal(answers[2]) == (429, 11181)
    assert answers[2].json()["data"]["retry_after"] == 1800
    assert data(other.post(f"/user/{bob.pk}/reveal", ask))["value"] == PHONE
    assert [row.status for row in logged()] == ["success", "success", "failed", "success"]


def test_what_cannot_be_logged_is_not_shown(staff, bob, monkeypatch):
    api = asking(staff)
    api.raise_exceptions = False

    def broken(*args, **kwargs):
        raise RuntimeError("the log is full")

    monkeypatch.setattr(middleware.OperationLog.objects, "create", broken)
    with pytest.raises(RuntimeError):
        api.post(f"/user/{bob.pk}/reveal", {"field": "phone", "reason": WHY})


def test_what_cannot_be_decrypted_is_said_so(staff, bob):
    User.objects.filter(pk=bob.pk).update(phone=Sealed(f"{'0' * 32}:lost:AAAA"))

    answer = asking(staff).post(f"/user/{bob.pk}/reveal", {"field": "phone", "reason": WHY})

    assert refusal(answer) == (503, 11180)


def test_P4_a_client_profile_in_full_is_logged_and_its_owner_hears_of_it(staff, client_row):
    api = asking(staff, "super_admin")

    answer = api.post(f"/client-profile/{client_row.pk}/reveal", {"field": "name", "reason": WHY})

    assert data(answer)["value"] == "林小满"
    (row,) = logged()
    assert (row.operation, row.target_id) == ("client_profile:reveal", str(client_row.pk))
    note = Notification.objects.get(user=client_row.user)
    assert note.template == "client_profile_revealed"
    assert "来访者的姓名" in note.body
    assert "林小满" not in note.body + str(note.context) + str(vars(row))


@pytest.mark.parametrize("role", ["finance", "customer_service"])
def test_client_profiles_need_a_right_of_their_own(staff, client_row, role):
    answer = asking(staff, role).post(
        f"/client-profile/{client_row.pk}/reveal", {"field": "name", "reason": WHY}
    )

    assert answer.status_code == 403
    assert Notification.objects.filter(user=client_row.user).exists() is False


def test_an_owner_needs_no_reveal_and_has_none(client_row):
    api = Api(client_row.user)

    assert data(api.get(f"/client-profile/{client_row.pk}"))["phone"] == PHONE
    ask = {"field": "name", "reason": WHY}
    assert api.post(f"/client-profile/{client_row.pk}/reveal", ask).status_code == 403


# The back office


@pytest.fixture
def office(staff):
    def enter(role):
        browser = Client()
        user = staff(role, username=f"b_{role}")
        browser.post(reverse("admin:login"), {"username": user.username, "password": PASSWORD})
        return browser

    return enter


def page(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_reveal", args=[row.pk])


def test_P4_the_button_shows_one_value_after_a_reason(office, bob):
    browser = office("admin")
    detail = browser.get(reverse("admin:accounts_user_change", args=[bob.pk])).content.decode()
    assert "查看完整信息" in detail
    assert PHONE not in detail

    asked = browser.get(page(bob)).content.decode()
    assert f'href="{reverse("admin:accounts_user_change", args=[bob.pk])}"' in asked  # the way back
    shown = browser.post(page(bob), {"field": "phone", "reason": WHY})

    assert PHONE not in asked
    assert PHONE in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    (row,) = logged()
    assert (row.operation, row.target_id, row.status) == ("user:reveal", str(bob.pk), "success")
    assert row.request_params == {"field": "phone", "reason": WHY}


def test_without_a_reason_the_page_asks_again(office, bob):
    shown = office("admin").post(page(bob), {"field": "phone", "reason": ""}).content.decode()

    assert PHONE not in shown
    assert [row.status for row in logged()] == ["failed"]


def test_the_limit_is_said_on_the_page(office, bob, monkeypatch):
    monkeypatch.setattr(reveals, "PER_HOUR", 0)

    shown = office("admin").post(page(bob), {"field": "phone", "reason": WHY}).content.decode()

    assert "次数已达上限" in shown
    assert PHONE not in shown
    assert [row.status for row in logged()] == ["failed"]


@pytest.mark.parametrize("role", ["finance", "customer_service", "content_manager"])
def test_who_may_not_has_no_button_and_no_page(office, bob, client_row, role):
    browser = office(role)

    for row in (bob, client_row):
        for answer in (
            browser.get(page(row)),
            browser.post(page(row), {"field": "phone", "reason": WHY}),
        ):
            assert answer.status_code == 403
            assert PHONE not in answer.content.decode()


def test_a_client_profile_in_the_office(office, client_row):
    assert office("admin").get(page(client_row)).status_code == 403

    shown = office("super_admin").post(page(client_row), {"field": "name", "reason": WHY})

    assert "林小满" in shown.content.decode()
    assert Notification.objects.get(user=client_row.user).template == "client_profile_revealed"
    assert ClientProfile.objects.get().updated_at <= timezone.now()


def test_a_row_that_is_not_there(office):
    missing = reverse("admin:accounts_user_reveal", args=[10**9])

    assert office("super_admin").get(missing).status_code == 404
