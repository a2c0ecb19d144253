"""Changing the rules of a counselor's time; the slots they yield follow in the same transaction."""

from datetime import datetime

from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.scope import reaches
from config.db import transact
from config.errors import Forbidden, NotFound
from counseling.errors import ScheduleRuleInvalid, TooManyScheduleRules
from counseling.models import Counselor, ScheduleException, WeeklyTemplate
from counseling.services.schedule import lock_counselor, open_slots

AT_MOST = {WeeklyTemplate: 100, ScheduleException: 400}  # of one counselor

Rule = WeeklyTemplate | ScheduleException


def counselor_to_plan(actor: User, counselor_id: int | None, *, permission: str) -> int:
    """Whose time `actor` plans: their own, or that of the one given as far as their role reaches.

    Forbidden for who is no counselor and names none; NotFound for a counselor out of reach.
    """
    own = Counselor.objects.filter(user_id=actor.pk).values_list("pk", flat=True).first()
    if counselor_id is None and own is None:
        raise Forbidden
    if counselor_id in (None, own):
        return own
    if not reaches(Counselor, counselor_id, actor, permission):
        raise NotFound
    return counselor_id


@transact
def add_rule(
    model: type[Rule], *, counselor_id: int, now: datetime | None = None, **fields
) -> Rule:
    """A new weekly template or date exception, and the slots it yields."""
    lock_counselor(counselor_id)
    at_most = AT_MOST[model]
    if model.objects.filter(counselor_id=counselor_id).count() >= at_most:
        raise TooManyScheduleRules(at_most=at_most)
    rule = model(counselor_id=counselor_id, **fields)
    _check(rule)
    rule.save(force_insert=True)
    open_slots(counselor_id, now=now)
    return rule


@transact
def change_rule(model: type[Rule], *, rule_id: int, now: datetime | None = None, **fields) -> Rule:
    """Change what is given of a template or an exception; free slots follow, others stay."""
    rule = _rule(model, rule_id)
    for name, value in fields.items():
        setattr(rule, name, value)
    _check(rule)
    rule.save(update_fields=[*fields, "updated_at"])
    open_slots(rule.counselor_id, now=now)
    return rule


@transact
def remove_rule(model: type[Rule], *, rule_id: int, now: datetime | None = None) -> None:
    """Delete a template or an exception together with the free slots it made."""
    rule = _rule(model, rule_id)
    model.objects.filter(pk=rule_id).update(is_active=False)
    open_slots(rule.counselor_id, now=now)
    rule.delete()


def _rule(model: type[Rule], rule_id: int) -> Rule:
    """The rule as it is once nobody else plans for its counselor."""
    counselor_id = model.objects.filter(pk=rule_id).values_list("counselor_id", flat=True).first()
    if counselor_id is None:
        raise NotFound
    lock_counselor(counselor_id)
    rule = model.objects.filter(pk=rule_id).first()
    if rule is None:
        raise NotFound
    return rule


def _check(rule: Rule) -> None:
    try:
        rule.full_clean()
    except ValidationError as error:
        raise ScheduleRuleInvalid(fields=error.message_dict) from None
