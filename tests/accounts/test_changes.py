"""What a write by staff changed is in its row of the operation log: from what to what."""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.audit import move
from accounts.models import Menu, NotificationTemplate, OperationLog, User
from accounts.redaction import redact_changes
from config.changes import collect_changes, note_change
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data

pytestmark = pytest.mark.django_db(transaction=True)  # changes are noted when they commit


@pytest.fixture
def root(staff):
    return staff("super_admin")


def changes() -> list:
    return OperationLog.objects.get().changes


def test_a_move_by_api_says_from_which_state_to_which(root):
    bob = UserFactory()

    data(Api(root).post(f"/user/{bob.pk}/disable", {"reason": "骚扰"}))

    assert {"object": f"accounts.user#{bob.pk}", "fields": {"status": ["active", "disabled"]}} in (
        changes()
    )


def test_a_refused_write_changed_nothing(root):
    bob = UserFactory()

    Api(root).post(f"/user/{bob.pk}/enable", {})

    assert changes() == []


def test_a_form_of_the_back_office_says_which_fields_changed(root):
    menu = Menu.objects.exclude(title="").order_by("pk").first()
    browser = Client()
    browser.force_login(root)
    url = reverse("admin:accounts_menu_change", args=[menu.pk])
    form = browser.get(url).context["adminform"].form
    old = menu.title
    posted = {
        name: "" if value is None else value
        for name, value in form.initial.items()
        if name in form.fields and value is not False
    }

    browser.post(url, posted | {"title": "新标题"})

    row = OperationLog.objects.get()
    assert (row.status, row.error_message) == ("success", "")
    assert row.changes == [
        {"object": f"accounts.menu#{menu.pk}", "fields": {"title": [old, "新标题"]}}
    ]


def test_reads_and_ordinary_people_collect_nothing(user):
    with transaction.atomic():
        note_change(user, {"nickname": ("a", "b")})
    Api(user).put("/users/profile", {"nickname": "新"})

    assert OperationLog.objects.exists() is False


def test_what_is_rolled_back_is_not_noted_and_the_last_value_counts(user):
    with collect_changes() as noted:
        with transaction.atomic():
            note_change(user, {"nickname": ("a", "b")})
        with transaction.atomic():
            note_change(user, {"nickname": ("b", "lost")})
            transaction.set_rollback(True)
        with transaction.atomic():
            note_change(user, {"nickname": ("b", "c")})

    assert noted == {f"accounts.user#{user.pk}": {"nickname": ["a", "c"]}}


def test_a_move_is_noted_once_it_commits(user):
    with collect_changes() as noted, transaction.atomic():
        person = User.objects.locked().get(pk=user.pk)
        move(person, "disabled", actor=None, reason="x")
        assert noted == {}
    assert noted == {f"accounts.user#{user.pk}": {"status": ["active", "disabled"]}}


def test_A5_secrets_are_hidden_in_differences_too():
    kept = redact_changes(
        {
            "accounts.user#7": {
                "password": ["old-Canary-1", "new-Canary-2"],
                "phone": ["13812345678", "13912345678"],
                "nickname": ["call 13812345678", {"deep": {"token": "canary-3"}}],
            }
        }
    )
    assert kept == [
        {
            "object": "accounts.user#7",
            "fields": {
                "password": "***", "phone": "***",
                "nickname": ["call 138****5678", {"deep": {"token": "***"}}],
            },
        }
    ]  # fmt: skip


def test_large_differences_name_the_fields_alone():
    fields = {f"field{n}": ["x" * 300, "y" * 300] for n in range(20)}

    (kept,) = redact_changes({"accounts.user#7": fields})

    assert kept["fields"] == {"…": sorted(fields)}
    assert NotificationTemplate.objects.exists()
