"""Live parameters (django-constance): read once a second per process, changed with a history.

Those of settings.SECRET_PARAMETERS are write-only: what was saved is encrypted at rest and no
page, history or log ever has it.
"""

from collections.abc import Mapping
from typing import Any

from constance.codecs import dumps, loads
from constance.models import Constance
from django.conf import settings
from django.db import transaction

from accounts.errors import ParameterInvalid, ParameterSecret
from accounts.models import ParameterChange, SecretParameter, User
from config.changes import note_change
from config.db import transact
from config.errors import NotFound
from config.memo import memo
from config.sealing import Unreadable

HIDDEN = "***"
# (smaller, larger): the first may not exceed the second.
ORDERED = [
    ("CANCEL_FEE_HOURS", "CANCEL_FREE_HOURS"),
    ("CONFIRM_REMIND_DAYS", "AUTO_CONFIRM_DAYS"),
]


def parameter(name: str):
    """The value of a parameter: what an operator saved last, else the first value in settings."""
    if name in settings.SECRET_PARAMETERS:
        return _secrets().get(name, settings.SECRET_PARAMETERS[name])
    saved = _saved()
    return saved[name] if name in saved else settings.CONSTANCE_CONFIG[name][0]


def forget_parameters() -> None:
    """Read the parameters anew on next use, in this process; others do within a second."""
    _saved.clear()
    _secrets.clear()


@memo(1)
def _saved() -> dict:
    return {key: loads(value) for key, value in Constance.objects.values_list("key", "value")}


@memo(1)
def _secrets() -> dict:
    """What cannot be decrypted is no secret: its stand-in is a word that anybody can read."""
    rows = SecretParameter.objects.values_list("name", "value")
    return {name: value for name, value in rows if not isinstance(value, Unreadable)}


@transact
def change_parameters(
    values: Mapping[str, Any], *, actor: User | None, rolls_back: ParameterChange | None = None
) -> list[str]:
    """Save values and note each one that is another than before; the names of those.

    Raises ParameterInvalid, and saves nothing, for an unknown name, a value of another type or
    out of its range, or two values that contradict each other.
    """
    rows = {row.key: row for row in Constance.objects.select_for_update().order_by("key")}
    before = {name: options[0] for name, options in settings.CONSTANCE_CONFIG.items()}
    before |= {key: loads(row.value) for key, row in rows.items() if key in before}
    _check(before, values)
    changed = [name for name, value in values.items() if value != _known(name, before)]
    for name in changed:
        old, new = before[name], values[name]
        if name in settings.SECRET_PARAMETERS:
            old, new = _save_secret(name, new)
        else:
            Constance.objects.update_or_create(key=name, defaults={"value": dumps(new)})
        change = ParameterChange.objects.create(
            name=name, old=old, new=new, actor=actor, rolls_back=rolls_back
        )
        note_change(change, {name: (old, new)})
    transaction.on_commit(forget_parameters)
    return changed


def roll_back(change_id: int, *, actor: User | None) -> list[str]:
    """Give a parameter the value it had before a change; itself a change, so it can be undone.

    Raises ParameterSecret: what a secret was before is kept nowhere.
    """
    change = ParameterChange.objects.filter(pk=change_id).first()
    if change is None:
        raise NotFound
    if change.name in settings.SECRET_PARAMETERS:
        raise ParameterSecret
    return change_parameters({change.name: change.old}, actor=actor, rolls_back=change)


def is_set(name: str) -> bool:
    """Whether a secret has any value."""
    return bool(parameter(name))


def _known(name: str, before: Mapping[str, Any]) -> Any:
    if name not in settings.SECRET_PARAMETERS:
        return before[name]
    saved = SecretParameter.objects.filter(name=name).first()
    return saved.value if saved else settings.SECRET_PARAMETERS[name]


def _save_secret(name: str, value: str) -> tuple[str, str]:
    """Save it; what the history says of before and after."""
    had = bool(_known(name, {}))
    SecretParameter.objects.update_or_create(name=name, defaults={"value": value})
    return (HIDDEN if had else ""), (HIDDEN if value else "")


def _check(before: dict, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name not in before or type(value) is not type(before[name]):
            raise ParameterInvalid(name=name)
        if not _fits(name, value):
            raise ParameterInvalid(name=name)
    if found := contradiction(before | dict(values)):
        raise ParameterInvalid(name=found[0])


def _fits(name: str, value: Any) -> bool:
    """Inside the range, or among the choices, that the parameter's kind names."""
    kind = settings.CONSTANCE_CONFIG[name][2:]
    rules = settings.CONSTANCE_ADDITIONAL_FIELDS.get(kind[0], ["", {}])[1] if kind else {}
    if "choices" in rules:
        return value in dict(rules["choices"])
    if "min_value" in rules:
        return rules["min_value"] <= value <= rules["max_value"]
    if "max_length" in rules and value:
        return rules["min_length"] <= len(value) <= rules["max_length"] and value.isprintable()
    return True


def contradiction(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """The parameter that another one of `values` forbids, and that one; None when they agree."""
    for small, large in ORDERED:
        low, high = values.get(small), values.get(large)
        if None not in (low, high) and low > high:
            return small, large
    return None
