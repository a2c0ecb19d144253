"""What every model and its migrations keep."""

import importlib
from pathlib import Path

import pytest
from django.core import checks
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import isolate_apps

from tests.architecture.sources import OURS

MODELS = [model for config in OURS for model in config.get_models()]
# Constraints and indexes that MariaDB or MySQL leaves out with no more than this warning.
DROPPED = {f"models.W{number:03}" for number in (36, 37, 38, 39, 40, 43, 44, 45)}


class MariaDBFeatures:
    """What MariaDB 10.11 says of itself, for a machine that has none."""

    supports_partial_indexes = False
    supports_deferrable_unique_constraints = False
    supports_covering_indexes = False
    supports_expression_indexes = False
    supports_nulls_distinct_unique_constraints = False
    supports_table_check_constraints = True
    supports_comments = True


@pytest.fixture
def as_mariadb(monkeypatch):
    """Let the checks see MariaDB's features: W036 and its like need no server."""
    if connection.vendor != "mysql":
        for name, value in vars(MariaDBFeatures).items():
            if name.startswith("supports"):
                monkeypatch.setattr(connection.features, name, value, raising=False)


def dropped(model) -> list[str]:
    return [
        f"{found.id} {found.obj}"
        for found in model._check_constraints(["default"]) + model._check_indexes(["default"])
        if found.id in DROPPED
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_constraint_exists_on_mariadb_too(model, as_mariadb):
    assert dropped(model) == []


@pytest.mark.django_db
@isolate_apps("content")
def test_a_constraint_that_mariadb_drops_is_noticed(as_mariadb):
    class Conditional(models.Model):
        name = models.CharField(max_length=8)

        class Meta:
            app_label = "content"
            constraints = [
                models.UniqueConstraint(fields=["name"], condition=models.Q(name="x"), name="some")
            ]

    assert [found.split()[0] for found in dropped(Conditional)] == ["models.W036"]


@pytest.mark.django_db
def test_all_checks_pass_with_a_database():
    found = checks.run_checks(databases=["default"])
    assert [str(message) for message in found if not message.is_silenced()] == []


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


SUMS = {"commerce.OrderFigure"}  # of many orders: more than one may cost


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_money_is_decimal_10_2_and_nothing_floats(model):
    digits = 14 if model._meta.label in SUMS else 10
    for field in model._meta.local_fields:
        assert not isinstance(field, models.FloatField), field
        if isinstance(field, models.DecimalField) and field.name != "rating":
            assert (field.max_digits, field.decimal_places) == (digits, 2), field


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_models_have_chinese_names_and_no_save_of_their_own(model):
    assert not str(model._meta.verbose_name).isascii(), model
    assert "save" not in vars(model), "no logic in save()"
    assert "delete" not in vars(model), "no logic in delete()"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_default_ordering_ends_in_something_unique(model):
    if not model._meta.ordering:
        return
    last = str(model._meta.ordering[-1]).lstrip("-")
    field = model._meta.pk if last in {"pk", "id"} else model._meta.get_field(last)
    groups = [set(fields) for fields in model._meta.unique_together] + [
        set(constraint.fields)
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
    ]
    ordered = {str(name).lstrip("-") for name in model._meta.ordering}
    within_parent = any(group - ordered <= {"order"} for group in groups)
    assert field.unique or within_parent, f"{model._meta.label}: {model._meta.ordering}"


@pytest.mark.parametrize("config", OURS, ids=lambda config: config.name)
def test_the_only_signal_we_listen_to_is_post_migrate(config):
    from django.db.models import signals

    for name in ("pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed"):
        for receiver in getattr(signals, name).receivers:
            target = receiver[1]() if callable(receiver[1]) else receiver[1]
            module = getattr(target, "__module__", "")
            assert module.split(".")[0] != config.name, f"{name}: {module}"


@pytest.mark.parametrize("config", OURS, ids=lambda config: config.name)
def test_data_migrations_can_be_reversed(config):
    from django.db import migrations

    names = [path.stem for path in Path(config.path).glob("migrations/0*.py")]
    for name in names:
        migration = importlib.import_module(f"{config.name}.migrations.{name}").Migration
        for operation in migration.operations:
            if isinstance(operation, migrations.RunPython | migrations.RunSQL):
                assert operation.reversible, f"{config.name} {name}"
