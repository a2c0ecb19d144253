import pytest
from constance.models import Constance
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.errors import ParameterInvalid, ParameterSecret
from accounts.models import OperationLog, ParameterChange, SecretParameter
from accounts.services.parameters import (
    change_parameters,
    forget_parameters,
    parameter,
    roll_back,
)
from tests.factories.accounts import StaffFactory


@pytest.fixture
def operator(db):
    return StaffFactory("super_admin")


def test_a_change_is_live_and_noted(operator):
    changed = change_parameters({"CANCEL_FEE_PERCENT": 50, "MAX_UNPAID_HOLDS": 3}, actor=operator)

    assert changed == ["CANCEL_FEE_PERCENT"]  # the other one was 3 already
    change = ParameterChange.objects.get()
    assert (change.name, change.old, change.new) == ("CANCEL_FEE_PERCENT", 30, 50)
    assert change.actor == operator


def test_a_change_can_be_undone_and_the_undoing_too(operator):
    change_parameters({"CANCEL_FEE_PERCENT": 50}, actor=operator)
    first = ParameterChange.objects.get()

    roll_back(first.pk, actor=operator)

    undone = ParameterChange.objects.latest("pk")
    assert (undone.old, undone.new, undone.rolls_back) == (50, 30, first)
    roll_back(undone.pk, actor=operator)
    assert ParameterChange.objects.latest("pk").new == 50


@pytest.mark.parametrize(
    "values",
    [
        {"NO_SUCH": 1},
        {"CANCEL_FEE_PERCENT": "50"},
        {"CANCEL_FEE_PERCENT": True},
        {"CANCEL_FEE_HOURS": 30},  # more than the 24 in which cancelling is free
    ],
)
def test_a_value_that_makes_no_sense_changes_nothing(operator, values):
    before = list(Constance.objects.values_list("key", "value"))

    with pytest.raises(ParameterInvalid):
        change_parameters({"MAX_UNPAID_HOLDS": 7} | values, actor=operator)

    assert list(Constance.objects.values_list("key", "value")) == before
    assert ParameterChange.objects.exists() is False


@pytest.mark.django_db(transaction=True)
def test_a_committed_change_is_read_at_once():
    assert parameter("CANCEL_FEE_PERCENT") == 30

    change_parameters({"CANCEL_FEE_PERCENT": 45}, actor=None)

    assert parameter("CANCEL_FEE_PERCENT") == 45


def test_saving_the_page_notes_who_changed_what(operator):
    browser = Client()
    browser.force_login(operator)
    page = browser.get(reverse("admin:constance_config_changelist"))
    form = page.context["form"]
    body = {name: form.initial.get(name) for name in form.fields} | {"CANCEL_FEE_PERCENT": 40}

    answer = browser.post(reverse("admin:constance_config_changelist"), body)

    assert answer.status_code == 302
    change = ParameterChange.objects.get()
    assert (change.name, change.new, change.actor) == ("CANCEL_FEE_PERCENT", 40, operator)


def test_the_history_page_undoes_a_change(operator):
    change_parameters({"CANCEL_FEE_PERCENT": 50}, actor=operator)
    browser = Client()
    browser.force_login(operator)

    browser.post(
        reverse("admin:accounts_parameterchange_changelist"),
        {"action": "undo", "_selected_action": [ParameterChange.objects.get().pk]},
    )

    assert ParameterChange.objects.latest("pk").new == 30


def test_who_may_not_configure_may_not_undo(operator):
    change_parameters({"CANCEL_FEE_PERCENT": 50}, actor=operator)
    browser = Client()
    browser.force_login(StaffFactory("finance"))

    answer = browser.get(reverse("admin:accounts_parameterchange_changelist"))

    assert answer.status_code == 403
    assert ParameterChange.objects.count() == 1


SECRET = "s3cret-" + "x" * 32


@pytest.mark.parametrize(
    "values",
    [
        {"LOG_KEEP_DAYS": 179},
        {"LOG_KEEP_DAYS": 3651},
        {"SLOW_REQUEST_MS": 0},
        {"LOG_MAX_MB": 0},
        {"LOG_LEVEL": "LOUD"},
        {"LOG_LEVEL": "info"},
        {"LOG_ACCESS": 1},
        {"CANCEL_FEE_PERCENT": 101},
        {"CANCEL_FEE_PERCENT": -1},
        {"SMS_REPORT_TOKEN": "short"},
        {"SMS_REPORT_TOKEN": "x" * 257},
        {"SMS_REPORT_TOKEN": "x" * 40 + "\n"},
    ],
)
def test_a_value_out_of_its_range_changes_nothing(operator, values):
    with pytest.raises(ParameterInvalid) as refused:
        change_parameters({"MAX_UNPAID_HOLDS": 7} | values, actor=operator)

    assert refused.value.data == {"name": next(iter(values))}
    assert Constance.objects.filter(key="MAX_UNPAID_HOLDS").exists() is False
    assert SecretParameter.objects.exists() is False
    assert ParameterChange.objects.exists() is False


def secret_page(browser, **values):
    page = reverse("admin:constance_config_changelist")
    form = browser.get(page).context["form"]
    first = {name: form.initial.get(name) for name in form.fields}
    body = {name: "" if value in ("", None) or value is False else value
            for name, value in first.items()}  # fmt: skip
    return browser.post(page, body | values)


@pytest.fixture
def browser(operator):
    browser = Client()
    browser.force_login(operator)
    return browser


def test_a_secret_is_written_and_shown_nowhere(browser, operator, caplog):
    caplog.set_level("DEBUG")

    assert secret_page(browser, SMS_REPORT_TOKEN=SECRET).status_code == 302

    forget_parameters()
    assert parameter("SMS_REPORT_TOKEN") == SECRET
    change = ParameterChange.objects.get(name="SMS_REPORT_TOKEN")
    assert (change.old, change.new, change.actor) == ("", "***", operator)
    for page in ("constance_config_changelist", "accounts_parameterchange_changelist"):
        assert SECRET not in browser.get(reverse(f"admin:{page}")).content.decode()
    page = browser.get(reverse("admin:constance_config_changelist")).content.decode()
    assert 'placeholder="已设置"' in page
    assert SECRET not in str(list(OperationLog.objects.values()))
    assert SECRET not in caplog.text
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM accounts_secretparameter")
        assert SECRET not in str(cursor.fetchall())


def test_saving_the_page_without_the_secret_keeps_it_and_a_dash_clears_it(browser):
    secret_page(browser, SMS_REPORT_TOKEN=SECRET)
    forget_parameters()

    assert secret_page(browser, MAX_UNPAID_HOLDS=5).status_code == 302
    forget_parameters()
    assert parameter("SMS_REPORT_TOKEN") == SECRET

    assert secret_page(browser, SMS_REPORT_TOKEN="-").status_code == 302
    forget_parameters()
    assert parameter("SMS_REPORT_TOKEN") == ""
    assert ParameterChange.objects.latest("pk").new == ""


def test_a_short_secret_is_refused_in_the_page(browser):
    answer = secret_page(browser, SMS_REPORT_TOKEN="short")
    assert (answer.status_code, SecretParameter.objects.exists()) == (200, False)
    assert "至少 32 个字符" in answer.content.decode()


def test_a_secret_cannot_be_rolled_back(operator):
    change_parameters({"SMS_REPORT_TOKEN": SECRET}, actor=operator)

    with pytest.raises(ParameterSecret):
        roll_back(ParameterChange.objects.get().pk, actor=operator)

    assert SecretParameter.objects.get().value == SECRET


def test_the_environment_is_the_first_value_of_a_secret(settings, db):
    settings.SECRET_PARAMETERS = {"SMS_REPORT_TOKEN": SECRET}
    assert parameter("SMS_REPORT_TOKEN") == SECRET


def test_a_secret_that_no_key_opens_is_none(operator):
    change_parameters({"SMS_REPORT_TOKEN": SECRET}, actor=operator)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_secretparameter SET value = 'gone:AAAA'")
    forget_parameters()

    assert parameter("SMS_REPORT_TOKEN") == ""


def test_every_parameter_is_in_a_group_with_a_chinese_text_and_a_kind():
    grouped = [name for names in settings.CONSTANCE_CONFIG_FIELDSETS.values() for name in names]
    assert sorted(grouped) == sorted(settings.CONSTANCE_CONFIG)
    for name, (_first, text, *kind) in settings.CONSTANCE_CONFIG.items():
        assert any("一" <= letter <= "鿿" for letter in text), name
        assert kind, name
