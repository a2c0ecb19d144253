"""manage.py rotate_field_keys: from one key to the next, and when one is lost (P-3)."""

import base64
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Notification, PhoneCode, User
from accounts.services import field_keys
from accounts.services.field_keys import sealed_columns, stored_texts, under_other_keys
from counseling.models import ClientProfile
from tests.factories.accounts import UserFactory
from tests.factories.counseling import ClientProfileFactory

PHONE = "13800138000"
NEW = f"new:{base64.b64encode(b'n' * 32).decode()}"
pytestmark = pytest.mark.django_db


@pytest.fixture
def old(settings) -> str:
    return settings.FIELD_KEYS[0]


@pytest.fixture
def rows(settings, old):
    """One row in each kind of sealed column, then a new key in front."""
    user = UserFactory(phone=PHONE, email="a@example.com")
    UserFactory(phone=None)
    ClientProfileFactory(user=user, name="林小满", phone="", guardian_name="林大")
    times = {"created_at": "2026-11-21T00:00Z", "expires_at": "2026-11-21T00:00Z"}
    PhoneCode.objects.create(phone=PHONE, digest="d", purpose="login", **times)
    Notification.objects.create(
        user=user, channel="sms", template="x", address=PHONE, due_at="2026-11-21T00:00Z"
    )
    settings.FIELD_KEYS = [NEW, old]
    return user


def run(**options) -> str:
    out = StringIO()
    call_command("rotate_field_keys", stdout=out, **options)
    return out.getvalue()


def left() -> int:
    return sum(under_other_keys(model, field).count() for model, field in sealed_columns())


def test_P3_every_sealed_column_moves_to_the_new_key_and_the_old_one_may_go(rows, settings):
    assert left() == 6

    said = run()

    assert "accounts_user.phone: 1 rows sealed anew" in said
    assert left() == 0
    settings.FIELD_KEYS = [NEW]
    user = User.objects.by_phone(PHONE)
    assert (user, user.email) == (rows, "a@example.com")
    assert User.objects.by_email("a@example.com") == rows
    client = ClientProfile.objects.get()
    assert (client.name, client.phone, client.guardian_name) == ("林小满", "", "林大")
    assert (PhoneCode.objects.get(phone=PHONE).phone, Notification.objects.get().address) == (
        PHONE, PHONE,
    )  # fmt: skip
    assert "all rows are under new" in run(check=True)


def test_check_counts_and_fails_while_rows_are_left(rows):
    with pytest.raises(CommandError, match="6 rows are not under new yet"):
        run(check=True)
    assert left() == 6


def test_a_run_that_was_stopped_goes_on_where_it_was(rows):
    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        field_keys.rotate_column(User, User._meta.get_field("phone"), tell=stop)
    before = left()
    run()

    assert (before, left()) == (5, 0)


def test_a_row_that_changed_meanwhile_is_left_alone(rows, monkeypatch):
    model, field = User, User._meta.get_field("phone")
    (batch,) = field_keys.in_batches(under_other_keys(model, field), "row_key")
    person = User.objects.get(pk=rows.pk)
    person.phone = "13900139000"
    person.save(update_fields=["phone"])

    assert not field_keys.rewrite_one(model, field, batch[0], type(field).unsealed)
    assert User.objects.get(pk=rows.pk).phone == "13900139000"


def test_what_no_key_opens_is_named_and_the_rest_is_done(rows, settings, old):
    other = f"other:{base64.b64encode(b'o' * 32).decode()}"
    settings.FIELD_KEYS = [other]
    lost = UserFactory(phone="13900139000")
    settings.FIELD_KEYS = [NEW, old]

    with pytest.raises(CommandError, match=rf"accounts_user.phone: no key opens ids \[{lost.pk}\]"):
        run()

    assert left() == 1
    settings.FIELD_KEYS = [NEW, old, other]
    run()
    assert left() == 0
    assert User.objects.by_phone("13900139000") == lost


def test_a_number_taken_under_the_new_key_is_named(rows, settings, old):
    """Two processes that put different keys first, at the same moment."""
    settings.FIELD_KEYS = [NEW]
    UserFactory(phone=PHONE)
    settings.FIELD_KEYS = [NEW, old]

    with pytest.raises(CommandError, match=rf"the same value twice, ids \[{rows.pk}\]"):
        run()


def test_a_lost_key_is_forgotten_only_once_it_is_gone(rows, settings, old):
    with pytest.raises(CommandError, match="test is in FIELD_KEYS"):
        run(forget="test")
    settings.FIELD_KEYS = [NEW]

    said = run(forget="test")

    assert "accounts_user.phone: 1 rows emptied" in said
    person = User.objects.get(pk=rows.pk)
    assert (person.phone, person.email, ClientProfile.objects.get().name) == (None, None, "")
    assert stored_texts(User, "phone").count() == 0
    assert UserFactory(phone=PHONE).phone == PHONE
