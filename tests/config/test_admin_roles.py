"""R-4, R-5: who may open which page of the back office; the menu shows exactly those."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import StatusChange
from accounts.rbac import ROLES
from commerce.models import Refund, RefundReason
from commerce.services.refunds import request_refund
from tests.factories.counseling import booked, confirmed
from tests.journeys.office_world import fill

pytestmark = pytest.mark.django_db
# Pages of the sidebar that are no list of rows.
NO_LISTS = ("/admin/", "/analysis/", "/week/")
# What asks for another permission than the usual one.
ADDED_BY = {"counseling.noteaccess": "counseling.request_noteaccess"}
STAFF = [code for code, spec in ROLES.items() if spec.staff]


def listing(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def session(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("role", STAFF)
def test_R4_the_sidebar_of_a_role_is_what_it_may_open_and_the_rest_is_refused(staff, role):
    client = session(staff(role))

    shown = {
        item["link"]
        for group in client.get("/admin/").context["sidebar_navigation"]
        for item in group["items"]
        if not item["link"].endswith(NO_LISTS)
    }
    answers = {listing(model): client.get(listing(model)).status_code for model in pages()}

    assert {path for path, status in answers.items() if status == 200} == shown
    assert {status for path, status in answers.items() if path not in shown} <= {403}


def pages() -> list:
    return list(admin.site._registry)


@pytest.mark.parametrize("role", STAFF)
def test_adding_needs_its_permission(staff, role):
    user = staff(role)
    client = session(user)

    for model, page in admin.site._registry.items():
        options = model._meta
        if not hasattr(model, "objects"):
            continue
        response = client.get(reverse(f"admin:{options.app_label}_{options.model_name}_add"))
        usual = f"{options.app_label}.add_{options.model_name}"
        if not user.has_perm(ADDED_BY.get(options.label_lower, usual)):
            assert response.status_code == 403, page
        else:
            assert response.status_code in {200, 403}, page  # some are never added by hand


def test_a_counselor_and_a_client_do_not_get_in(staff, user):
    for outsider in (staff("counselor"), user):
        response = session(outsider).get("/admin/")
        assert (response.status_code, response.url) == (302, "/admin/login/?next=/admin/")


@pytest.mark.parametrize("role", STAFF)
def test_R5_only_those_who_may_approve_approve_refunds(staff, role):
    paid = confirmed()
    order_id = paid.order_item.order_id
    refund = request_refund(order_id, user=paid.user, reason_code=RefundReason.OTHER)
    user = staff(role)

    session(user).post(
        listing(Refund), {"action": "approve", "_selected_action": [refund.pk]}, follow=True
    )

    refund.refresh_from_db()
    allowed = user.has_perm("commerce.approve_refund")
    assert allowed == (role in {"super_admin", "finance"})
    assert refund.status == ("approved" if allowed else "requested")


def test_R5_orders_are_not_edited_by_posting_fields(staff):
    appointment = booked()
    order = appointment.order_item.order
    moves = StatusChange.objects.count()

    response = session(staff("super_admin")).post(
        reverse("admin:commerce_order_change", args=[order.pk]),
        {"status": "paid", "total_amount": "0.01", "number": "X"},
    )

    assert response.status_code == 403
    before = (order.status, order.total_amount, order.number)
    order.refresh_from_db()
    assert (order.status, order.total_amount, order.number) == before
    assert StatusChange.objects.count() == moves


def test_no_list_asks_more_for_more_rows(staff):
    client = session(staff("super_admin"))
    fill()
    before = {model: statements(client, listing(model)) for model in pages()}
    fill()
    fill()

    after = {model: statements(client, listing(model)) for model in pages()}

    assert [model for model in pages() if after[model] > before[model]] == []


def statements(client, path) -> int:
    """What a page costs, once everything the process remembers is there; what is remembered for a
    second may be asked again on a slow machine, so the least of three."""
    client.get(path)
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    return min(counts)
