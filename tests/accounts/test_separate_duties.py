"""R-6: who administers people cannot touch the log; who reads the log administers nobody."""

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import OperationLog, User
from accounts.rbac import PERMISSIONS
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role
from tests.contract.matrix.table import TABLE
from tests.factories.accounts import UserFactory
from tests.helpers import Api, confirm

WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def reader(db):
    """Somebody whose role is the log and nothing else."""
    save_role("auditor", name="审计员", permissions=["log:view"], data_scope="all", actor=None)
    user = UserFactory(username="auditor", is_staff=True)
    assign_role(user.pk, code="auditor", actor=None)
    return User.objects.get(pk=user.pk)


def test_R6_no_permission_name_lets_anybody_change_the_log():
    granted = {codename for names in PERMISSIONS.values() for codename in names}
    log = {name for name in granted if name.endswith(("_operationlog", "_auditseal"))}

    assert log == {"accounts.view_operationlog"}


@pytest.mark.parametrize("role", ["admin", "super_admin"])
def test_R6_administrators_change_and_delete_no_row_of_it(staff, role):
    user = staff(role)
    Api(user).post("/api-keys", {})  # a row
    row, browser = OperationLog.objects.latest("pk"), Client()
    browser.force_login(user)
    confirm(browser, user)

    for page in ("change", "delete"):
        with_row = reverse(f"admin:accounts_operationlog_{page}", args=[row.pk])
        assert browser.post(with_row, {"status": "success", "post": "yes"}).status_code == 403
    assert browser.post(reverse("admin:accounts_operationlog_add"), {}).status_code == 403
    listing = reverse("admin:accounts_operationlog_changelist")
    browser.post(listing, {"action": "delete_selected", "_selected_action": [row.pk]})

    kept = OperationLog.objects.get(pk=row.pk)
    assert (kept.status, kept.operation) == (row.status, row.operation)


def test_R6_there_is_no_way_by_api():
    with pytest.raises(NoReverseMatch):
        reverse("operation-log-detail", args=[1])
    assert not [
        route for route in TABLE if "log" in route and route.split()[0] in WRITES - {"POST"}
    ]


def test_R6_who_reads_the_log_administers_nobody(reader):
    api, bob = Api(reader), UserFactory()

    refused = [
        api.get("/user"), api.get(f"/user/{bob.pk}"), api.post(f"/user/{bob.pk}/disable", {}),
        api.post(f"/user/{bob.pk}/roles", {"role": "admin"}), api.delete(f"/user/{bob.pk}"),
        api.post("/user", {"username": "newcomer", "password": "Bu-Rong-Yi-88"}),
        api.post("/role", {"code": "x", "name": "x", "permissions": []}),
    ]  # fmt: skip

    assert {response.status_code for response in refused} == {403}
    assert User.objects.get(pk=bob.pk).status == "active"
    assert not User.objects.filter(username="newcomer").exists()
