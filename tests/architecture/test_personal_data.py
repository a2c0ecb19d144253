"""P-8: every table and every column with words in it is on the map of personal data."""

import pytest
from django.apps import apps
from django.db import models

from accounts.models import User
from accounts.services.holdings import Holding, holdings, maps
from tests.architecture.sources import OURS

# Columns of other people's rows that name somebody as who did something: the pseudonym stays.
ACTORS = {
    "accounts.AccountDeletion.requested_by",
    "accounts.CachePurge.actor",
    "accounts.ApiKey.created_by",
    "accounts.OperationLog.admin",
    "accounts.ParameterChange.actor",
    "accounts.UserTagging.tagged_by",
    "admin.LogEntry.user",
    "commerce.BillDifference.assigned_to",
    "commerce.Merchant.reviewed_by",
    "commerce.MerchantApplication.handled_by",
    "commerce.MerchantInvitation.invited_by",
    "commerce.MerchantMember.invited_by",
    "commerce.OfflineRecord.decided_by",
    "commerce.OfflineRecord.recorded_by",
    "commerce.PaymentAnomaly.handled_by",
    "commerce.Refund.confirmed_by",
    "commerce.Product.reviewed_by",
    "commerce.Refund.requested_by",
    "commerce.Refund.reviewed_by",
    "commerce.MerchantReview.replied_by",
    "commerce.Shipment.shipped_by",
    "commerce.VerificationCode.used_by",
    "commerce.StockMovement.actor",
    "counseling.AffectedAppointment.offered_by",
    "counseling.AffectedAppointment.resolved_by",
    "counseling.Appointment.cancelled_by",
    "counseling.Dispute.decided_by",
    "counseling.CounselorApplication.reviewed_by",
    "counseling.Qualification.reviewed_by",
    "counseling.Reschedule.actor",
    "counseling.LeaveRequest.requested_by",
    "counseling.LeaveRequest.reviewed_by",
    "counseling.NoteAccess.decided_by",
    "counseling.NoteAccess.requested_by",
    "counseling.Review.replied_by",
    "counseling.SessionNote.author",
    "farm.Animal.reviewed_by",
    "farm.AnimalClaim.ended_by",
}
WORDS = (
    models.CharField, models.TextField, models.JSONField, models.BinaryField, models.DateField,
    models.GenericIPAddressField, models.FileField,
)  # fmt: skip


def mapped() -> dict[type[models.Model], list[Holding]]:
    found = {}
    for holding in holdings():
        found.setdefault(holding.model, []).append(holding)
    return found


@pytest.mark.parametrize("config", OURS, ids=lambda config: config.name)
def test_P8_every_model_is_on_the_map(config):
    """A new model?  Say in <app>/services/personal_data.py what of it is about a person, or why
    nothing is."""
    declared = set(mapped()) | {model for part in maps() for model in part.IMPERSONAL}
    missing = [model._meta.label for model in config.get_models() if model not in declared]
    assert missing == []


def test_P8_no_model_is_called_both():
    both = set(mapped()) & {model for part in maps() for model in part.IMPERSONAL}
    assert both == set()


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model._meta.label)
def test_P8_every_link_to_a_person_is_on_the_map(model):
    """Tables of libraries too."""
    owners = {holding.owner for holding in mapped().get(model, ())}
    for field in model._meta.get_fields():
        to_user = field.is_relation and field.concrete and field.related_model is User
        if to_user and field.many_to_many and not field.remote_field.through._meta.auto_created:
            continue  # its table is a model of its own
        if to_user and model is not User:
            label = f"{model._meta.label}.{field.name}"
            assert field.name in owners or label in ACTORS, label


def has_words(field: models.Field) -> bool:
    if isinstance(field, models.DateTimeField) or field.primary_key or field.generated:
        return False
    return isinstance(field, WORDS) and not field.choices and not field.is_relation


@pytest.mark.parametrize("model", mapped(), ids=lambda model: model._meta.label)
def test_P8_every_column_with_words_is_cleared_or_kept_on_purpose(model):
    for holding in mapped()[model]:
        names = {field.name for field in model._meta.local_concrete_fields}
        assert {*(holding.clear or ()), *holding.keep, *holding.hidden} <= names
        if holding.clear is None:
            continue
        words = {field.name for field in model._meta.local_concrete_fields if has_words(field)}
        assert words - holding.clear.keys() - set(holding.keep) == set()
        assert holding.clear.keys() & set(holding.keep) == set()
