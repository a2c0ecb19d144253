"""What is sealed opens in its own row alone, and is found by its blind index (invariant P-3)."""

import base64
import logging

import pytest
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, transaction

from accounts.errors import FieldUnreadable
from accounts.fields import Sealed
from accounts.models import Notification, PhoneCode, RateCounter, User
from accounts.services.field_keys import stored_texts
from config import sealing
from config.sealing import Unreadable, blind_index, blind_indexes
from counseling.models import ClientProfile
from tests.factories.accounts import UserFactory
from tests.factories.counseling import ClientProfileFactory
from tests.helpers import Api, data, refusal

PHONE, OTHER = "13800138000", "13900139000"
OLD = "test:dGVzdC1vbmx5LWZpZWxkLWtleS10aGF0LWlzLTMyYnk="
NEW = f"new:{base64.b64encode(b'n' * 32).decode()}"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _every_alert(monkeypatch):
    sealing._reported.clear()


def raw(obj, name) -> str:
    return stored_texts(type(obj), name).get(pk=obj.pk).stored


def put(obj, name, text):
    type(obj).objects.filter(pk=obj.pk).update(**{name: Sealed(text)})


def columns(table) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return "\n".join(str(row) for row in cursor.fetchall())


def test_the_table_has_neither_number_nor_address():
    user = UserFactory(phone=PHONE, email="xiaoman@example.com")

    assert not {PHONE, "xiaoman", "example.com"} & set(columns("accounts_user").split("'"))
    assert PHONE not in columns("accounts_user")
    assert "xiaoman" not in columns("accounts_user")
    assert User.objects.values_list("phone", "email").get(pk=user.pk) == (
        PHONE, "xiaoman@example.com",
    )  # fmt: skip


@pytest.mark.parametrize(
    "spelling", [PHONE, "+86 138-0013-8000", "１３８００１３８０００", f" {PHONE} "]
)
def test_a_number_is_found_in_every_spelling(spelling):
    user = UserFactory(phone=PHONE)
    UserFactory(phone=OTHER)

    assert User.objects.get(phone=spelling) == user
    assert list(User.objects.filter(phone__in=[spelling, "13700137000"])) == [user]
    assert User.objects.exclude(phone=spelling).count() == 1


def test_an_address_is_found_whatever_its_case():
    user = UserFactory(email="xiaoman@example.com")

    assert User.objects.by_email("XiaoMan@Example.com") == user
    assert User.objects.filter(email="other@example.com").exists() is False


def test_one_number_is_one_account_and_none_is_many():
    UserFactory(phone=PHONE)
    for _ in range(2):
        UserFactory(phone=None)
        UserFactory(phone="")

    assert User.objects.filter(phone=None).count() == 4
    with pytest.raises(IntegrityError):
        UserFactory(phone=PHONE)


@pytest.mark.parametrize("lookup", ["startswith", "contains", "gt", "iexact", "regex", "length"])
def test_nothing_else_can_be_asked_of_it(lookup):
    with pytest.raises(FieldError):
        User.objects.filter(**{f"phone__{lookup}": "138"}).exists()


@pytest.mark.parametrize("lookup", ["name", "phone__in", "phone__startswith"])
def test_without_an_index_nothing_can(lookup):
    with pytest.raises(FieldError):
        ClientProfile.objects.filter(**{lookup: ["小明"]}).exists()


def test_an_update_that_does_not_know_the_row_is_refused():
    UserFactory(phone=PHONE)

    with pytest.raises(TypeError, match="save the row"), transaction.atomic():
        User.objects.update(phone=OTHER)
    assert User.objects.get().phone == PHONE
    assert User.objects.update(phone=None) == 1
    assert User.objects.get().phone is User.objects.get().phone_index is None


def test_two_seals_of_one_number_differ_and_their_indexes_do_not():
    code = {
        "purpose": "login",
        "created_at": "2026-11-21T00:00Z",
        "expires_at": "2026-11-21T00:00Z",
    }
    one, two = (PhoneCode.objects.create(phone=PHONE, digest=name, **code) for name in "ab")

    assert raw(one, "phone") != raw(two, "phone")
    assert raw(one, "phone")[:32] == raw(two, "phone")[:32] == blind_index("phone", PHONE)
    assert PhoneCode.objects.filter(phone=PHONE).count() == 2


@pytest.mark.parametrize("name", ["phone", "email"])
def test_P3_a_ciphertext_moved_to_another_row_is_refused(name, caplog):
    owner = UserFactory(phone=PHONE, email="a@example.com")
    thief = UserFactory()
    moved = raw(owner, name)
    put(owner, name, None)
    put(thief, name, moved)

    with caplog.at_level(logging.ERROR):
        shown = getattr(User.objects.get(pk=thief.pk), name)

    assert (shown, type(shown)) == ("无法解密", Unreadable)
    assert f"cannot unseal accounts_user.{name}" in caplog.text
    with pytest.raises(FieldUnreadable):
        User.objects.by_phone(PHONE) if name == "phone" else User.objects.by_email("a@example.com")


def test_P3_swapped_ciphertexts_let_nobody_in(sandbox):
    one, two = UserFactory(phone=PHONE, password="p"), UserFactory(phone=OTHER, password="p")
    first, second = raw(one, "phone"), raw(two, "phone")
    put(one, "phone", None)
    put(two, "phone", first)
    put(one, "phone", second)

    assert refusal(Api().post("/login", {"account": PHONE, "password": "p"})) == (503, 11180)
    assert data(Api(one).get("/users/profile"))["phone"] == "无法解密"


def test_P3_columns_of_one_row_cannot_be_swapped():
    client = ClientProfileFactory(name="林小满", guardian_name="林大")
    put(client, "guardian_name", raw(client, "name"))

    assert str(ClientProfile.objects.get().guardian_name) == "无法解密"
    assert ClientProfile.objects.get().name == "林小满"


def test_P3_rows_of_client_profiles_cannot_be_swapped():
    one, two = ClientProfileFactory(name="林小满"), ClientProfileFactory(name="韩梅梅")
    first, second = raw(one, "name"), raw(two, "name")
    put(one, "name", second)
    put(two, "name", first)

    assert [str(c.name) for c in ClientProfile.objects.all()] == ["无法解密"] * 2


@pytest.mark.parametrize("keys", [[NEW], [f"test:{base64.b64encode(b'x' * 32).decode()}"]])
def test_a_missing_or_wrong_key_shows_so_and_keeps_what_is_stored(settings, keys, caplog, staff):
    user = UserFactory(phone=PHONE, nickname="小满")
    before = raw(user, "phone")
    settings.FIELD_KEYS = keys

    person = User.objects.get(pk=user.pk)
    person.nickname = "大满"
    person.save()
    shown = data(Api(staff("admin")).get("/user", {"search": "大满"}))["list"]

    assert [row["phone"] for row in shown] == ["无法解密"]
    assert raw(user, "phone") == before
    assert PHONE not in caplog.text
    assert caplog.text.count("cannot unseal accounts_user.phone") == 1
    settings.FIELD_KEYS = [OLD]
    assert User.objects.get(pk=user.pk).phone == PHONE


def test_what_cannot_be_read_is_sent_nothing(settings, sandbox):
    sandbox.reset()
    from accounts.services.delivery import send_pending
    from accounts.services.notifications import notify

    user = UserFactory(phone=PHONE)
    notify(user, "phone_replaced", at="2026年11月21日 10:20")
    settings.FIELD_KEYS = [NEW]

    send_pending()

    note = Notification.objects.get(channel="sms")
    assert (note.status, note.error) == ("pending", "the number cannot be decrypted")
    assert sandbox.outbox("sms") == []


@pytest.mark.parametrize("keys", [[OLD, NEW], [NEW, OLD]])
def test_while_keys_change_both_are_read_and_found(settings, keys):
    old = UserFactory(phone=PHONE)
    settings.FIELD_KEYS = keys
    new = UserFactory(phone=OTHER)

    assert (User.objects.get(phone=PHONE), User.objects.get(phone=OTHER)) == (old, new)
    assert set(User.objects.values_list("phone", flat=True)) == {PHONE, OTHER}
    assert raw(new, "phone")[33:].startswith(keys[0].partition(":")[0] + ":")
    assert len(blind_indexes("phone", PHONE)) == 2


def test_the_number_of_a_code_lies_in_no_table(sandbox):
    sandbox.reset()  # the provider counts too
    data(Api().post("/sms/code", {"phone": PHONE, "purpose": "login"}), 202)

    assert RateCounter.objects.filter(key__contains=blind_index("phone", PHONE)).count() == 1
    for table in ("accounts_phonecode", "accounts_ratecounter"):
        assert PHONE not in columns(table)


def test_unknown_accounts_are_counted_without_their_names(sandbox):
    Api().post("/login", {"account": PHONE, "password": "wrong"})

    assert PHONE not in columns("accounts_loginguard")
    assert f"x{blind_index('account', PHONE)}" in columns("accounts_loginguard")


def test_the_replaced_number_waits_sealed_in_the_outbox(sandbox):
    from accounts.services.binding import _replace_phone

    _replace_phone(UserFactory(phone=PHONE), OTHER)

    note = Notification.objects.get(template="phone_replaced", channel="sms")
    assert note.address == PHONE
    assert "to" not in note.context
    assert PHONE not in columns("accounts_notification")
