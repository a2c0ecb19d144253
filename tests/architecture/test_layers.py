"""Imports and foreign keys point down."""

import tomllib

import grimp
import pytest
from importlinter.contracts.layers import LayersContract

from tests.architecture.sources import OURS, PACKAGES, ROOT

# From the bottom: who may point at whom.  Apps of one level do not know each other.
LEVELS = [
    {"auth", "contenttypes"},
    {"accounts"},
    {"content", "media"},
    {"commerce"},
    {"counseling", "courses", "travel", "farm", "community"},
]
LEVEL = {app: level for level, names in enumerate(LEVELS) for app in names}
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def layers(graph) -> bool:
    """True while the graph keeps every contract of pyproject.toml."""
    return all(
        LayersContract(contract["name"], {"root_packages": PACKAGES}, contract)
        .check(graph, verbose=False)
        .kept
        for contract in CONFIG["contracts"]
    )


def upward(fields) -> list[str]:
    return [
        str(field)
        for field in fields
        if field.is_relation and not field.auto_created and field.related_model
        if (target := field.related_model._meta.app_label) != field.model._meta.app_label
        if LEVEL[target] >= LEVEL[field.model._meta.app_label]
    ]


def test_every_package_of_ours_is_under_the_contract():
    assert sorted(CONFIG["root_packages"]) == PACKAGES
    assert {config.label for config in OURS} - {"config"} <= set(LEVEL)


def test_imports_point_down(graph):
    assert layers(graph)


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("commerce.models.orders", "counseling.models.counselors"),
        ("content.models.taxonomy", "commerce.errors"),
        ("accounts.audit", "content.models.taxonomy"),
        ("config.db", "accounts.models.users"),
        ("config.errors", "config.db"),
    ],
)
def test_an_import_that_points_up_is_noticed(graph, importer, imported):
    graph.add_import(importer=importer, imported=imported)

    assert not layers(graph)

    graph.remove_import(importer=importer, imported=imported)
    assert layers(graph)


@pytest.mark.parametrize("config", OURS, ids=lambda config: config.name)
def test_foreign_keys_point_down(config):
    """import-linter sees imports; a foreign key given as a string needs this."""
    assert upward(f for model in config.get_models() for f in model._meta.get_fields()) == []


def test_a_foreign_key_that_points_up_is_noticed():
    from commerce.models import OrderItem
    from counseling.models import Appointment

    key = Appointment._meta.get_field("order_item")
    backwards = type(
        "Backwards", (), {"is_relation": True, "auto_created": False, "model": OrderItem,
                          "related_model": Appointment, "__str__": lambda self: "upward"},
    )()  # fmt: skip

    assert upward([key]) == []
    assert upward([backwards]) == ["upward"]
