"""Whole settings: production refuses what only a developer's machine may have."""

import pytest
from django.core.management import call_command
from django.db import connection

from tests.config.production import manage, production_env


@pytest.fixture
def production(tmp_path):
    """production(NAME="value") starts with that changed; (exit code, what it printed)."""
    sound = production_env(tmp_path)

    def start(**changes):
        ended = manage(["check"], sound | changes, capture_output=True, text=True)
        return ended.returncode, ended.stdout + ended.stderr

    return start


def test_production_starts_with_what_it_needs(production):
    code, text = production()

    assert (code, text) == (0, "System check identified no issues (0 silenced).\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WX_API_BASE", "http://127.0.0.1:9901"),
        ("WX_API_BASE", "https://127.0.0.1:9901"),
        ("WXPAY_BASE", "https://10.0.0.7"),
        ("ALIPAY_GATEWAY", "https://10.0.0.7/gateway.do"),
        ("UNIONPAY_BASE", "https://10.0.0.7"),
        ("WXPAY_PRIVATE_KEY_FILE", "/no/such/key.pem"),
        ("PUBLIC_URL", "http://api.example.com"),
        ("SECRET_KEY", ""),
        ("JWT_SIGNING_KEY", "short"),
        ("AUDIT_KEY", ""),
        ("FIELD_KEYS", ""),
        ("FIELD_KEYS", "k1:not-base64"),
        ("ALLOWED_HOSTS", ""),
        ("DATABASE_URL", ""),
        ("REDIS_URL", ""),
        ("WX_APPSECRET", ""),
        ("S3_ENDPOINT", "http://10.0.0.7:9000"),
        ("S3_SECRET", "short"),
        ("ORDER_TTL_SECONDS", "soon"),
    ],
)
def test_production_refuses_a_wrong_value_by_name(production, name, value):
    code, text = production(**{name: value})

    assert code == 1
    assert text.startswith(f"manage.py: {name}")


def test_production_refuses_the_sandboxes_control(tmp_path):
    env = production_env(tmp_path) | {"SANDBOX_CONTROL": "http://127.0.0.1:9900"}

    ended = manage(["check", "--deploy"], env, capture_output=True, text=True)

    assert ended.returncode == 1
    assert "banxin.E002" in ended.stderr


def test_production_refuses_demo_data_and_the_development_stack(tmp_path):
    for command in (["demo"], ["stack"]):
        ended = manage(command, production_env(tmp_path), capture_output=True, text=True)

        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr


@pytest.mark.races
@pytest.mark.django_db
def test_the_server_keeps_every_constraint_that_the_models_promise():
    """models.W036 and its kin: a constraint that MariaDB would leave out without a word."""
    call_command("check", databases=["default"], fail_level="WARNING")


@pytest.mark.races
@pytest.mark.django_db
def test_the_server_reads_what_is_committed():
    question = {  # MariaDB gave the variable its new name in 11.1
        "mysql": "SHOW SESSION VARIABLES WHERE Variable_name REGEXP '^(tx|transaction)_isolation$'",
        "postgresql": "SELECT 'isolation', current_setting('transaction_isolation')",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(question)
        _, level = cursor.fetchone()

    assert level.replace("-", " ").upper() == "READ COMMITTED"
