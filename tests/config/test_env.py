"""Environment variables: a wrong value stops the start and is named; .env.example lists all."""

import ast
import re

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.databases import database_config
from tests.config.production import ROOT

# Read by the command line or by Django itself, not through config.env.
OTHERS = {"DJANGO_SETTINGS_MODULE"}
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture
def given(monkeypatch):
    """given("x") is what the variable NAME holds."""
    return lambda value: monkeypatch.setenv("NAME", value)


def names_read() -> set[str]:
    """The first argument of every env_...("NAME") in config/."""
    return {
        node.args[0].value
        for path in (ROOT / "config").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id.startswith("env_")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_lists_exactly_what_is_read():
    assert set(example()) == names_read() | OTHERS


def test_each_variable_of_the_example_has_a_comment():
    text = (ROOT / ".env.example").read_text()

    assert re.findall(r"(?m)^(?!#)[^\n]+\n(?=[A-Z_]+=)", text) == []


def test_the_example_holds_no_secret():
    secret = re.compile("SECRET|KEY|PASSWORD")
    assert {name: value for name, value in example().items() if secret.search(name) and value} == {}


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.env_bool("NAME", True), "maybe"),
        (lambda: env.env_int("NAME", 1), "one"),
        (lambda: env.env_int("NAME", 1, at_least=1), "0"),
        (lambda: env.env_port("NAME", 1), "65536"),
        (lambda: env.env_choice("NAME", "INFO", ("INFO",)), "LOUD"),
        (lambda: env.env_networks("NAME"), "10.0.0.0/8, proxy"),
        (lambda: env.env_origins("NAME"), "www.example.com"),
        (lambda: env.env_origins("NAME"), "https://www.example.com/"),
        (lambda: env.env_keys("NAME"), KEY),
        (lambda: env.env_keys("NAME"), f"k1:{KEY},k2:c2hvcnQ="),
        (lambda: env.env_url("NAME", ""), "ftp://example.com"),
        (lambda: env.env_url("NAME", "", schemes=("https",)), "http://example.com"),
        (lambda: env.env_secret("NAME"), "short"),
        (lambda: env.env_file("NAME"), "/no/such/file"),
    ],
)
def test_a_wrong_value_is_refused_by_name(given, read, value):
    given(value)

    with pytest.raises(ImproperlyConfigured, match=r"^NAME"):
        read()


@pytest.mark.parametrize("read", [env.env_str, env.env_secret, env.env_url, env.env_file])
def test_what_is_required_and_empty_is_refused_by_name(given, read):
    given("")

    with pytest.raises(ImproperlyConfigured, match="NAME is not set"):
        read("NAME")


def test_values_are_taken_as_they_are(given):
    given("$ecret#with=signs and spaces, 32 or more")

    assert env.env_secret("NAME") == "$ecret#with=signs and spaces, 32 or more"


def test_lists_are_trimmed(given):
    given(" a , b,,")

    assert env.env_list("NAME") == ["a", "b"]


@pytest.mark.parametrize(
    "url",
    ["nonsense", "mysql://", "mysql://root@host", "oracle://a@b/c", "postgres://a@b:port/c"],
)
def test_a_wrong_database_url_is_refused_by_name(url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        database_config(url)


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://127.0.0.1:9901", True),
        ("https://localhost", True),
        ("https://10.1.2.3", True),
        ("https://[::1]:9902", True),
        ("https://wechat.local", True),
        ("https://api.weixin.qq.com", False),
        ("https://8.8.8.8", False),
    ],
)
def test_a_private_address_is_known_as_such(url, private):
    assert env.is_private(url) is private
