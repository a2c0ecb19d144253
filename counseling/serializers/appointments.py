"""Appointments as their two sides see them."""

from dataclasses import asdict

from django.utils import timezone
from rest_framework import serializers

from accounts.models import Gender
from config.api.serializers import IdField, MoneyField
from counseling.models import Appointment, AppointmentStatus, DisputeStatus, Mode, ServiceKind, Side
from counseling.serializers.counselors import RowSerializer
from counseling.services.booking import NOTE_LENGTH
from counseling.services.calendar import age_on
from counseling.services.disputes import disputable_until
from counseling.services.rescheduling import terms


class _CounselorPart(RowSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    title = serializers.CharField()
    avatar = serializers.CharField()


class _ClientPart(RowSerializer):
    """Whom the session is for; age in whole years today."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    gender = serializers.ChoiceField(Gender.choices, allow_blank=True)
    age = serializers.IntegerField()


class _OrderPart(RowSerializer):
    """total_amount in yuan; expires_at: until when it can be paid."""

    id = serializers.IntegerField()
    order_number = serializers.CharField()
    status = serializers.CharField()
    total_amount = MoneyField()
    expires_at = serializers.DateTimeField()


class AppointmentSerializer(serializers.Serializer):
    """price in yuan.  order: for the client and staff, null for the counselor."""

    class Meta:
        model = Appointment

    COLUMNS = (
        "id", "number", "status", "kind", "mode", "start_at", "end_at", "price", "slot_id",
        "service_id", "user_id", "created_at", "free_cancel_until", "fee_cancel_until",
        "cancel_fee_percent", "cancel_reason", "times_moved",
        "counselor_id", "counselor__name", "counselor__title", "counselor__avatar",
        "counselor__user_id",
        "client_id", "client__name", "client__gender", "client__birth_date",
        "order_item__order_id", "order_item__order__number", "order_item__order__status",
        "order_item__order__total_amount", "order_item__order__expires_at",
    )  # fmt: skip
    PLAIN = COLUMNS[:10] + COLUMNS[11:17]

    id = serializers.IntegerField()
    number = serializers.CharField()
    status = serializers.ChoiceField(AppointmentStatus.choices)
    kind = serializers.ChoiceField(ServiceKind.choices)
    mode = serializers.ChoiceField(Mode.choices)
    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField()
    price = MoneyField()
    slot_id = IdField()
    service_id = IdField()
    created_at = serializers.DateTimeField()
    free_cancel_until = serializers.DateTimeField()
    fee_cancel_until = serializers.DateTimeField()
    cancel_fee_percent = serializers.IntegerField()
    cancel_reason = serializers.CharField()
    times_moved = serializers.IntegerField()
    counselor = _CounselorPart()
    client = _ClientPart()
    order = _OrderPart(allow_null=True)

    def to_representation(self, row):
        order = "order_item__order"
        shown = {name: row[name] for name in self.PLAIN}
        shown["counselor"] = {
            "id": row["counselor_id"],
            "name": row["counselor__name"],
            "title": row["counselor__title"],
            "avatar": row["counselor__avatar"],
        }
        shown["client"] = {
            "id": row["client_id"],
            "name": row["client__name"],
            "gender": row["client__gender"],
            "age": age_on(row["client__birth_date"], timezone.localdate()),
        }
        shown["order"] = {
            "id": row[f"{order}_id"],
            "order_number": row[f"{order}__number"],
            "status": row[f"{order}__status"],
            "total_amount": row[f"{order}__total_amount"],
            "expires_at": row[f"{order}__expires_at"],
        }
        if row["counselor__user_id"] == self.context["request"].user.pk:
            shown["order"] = None
        return shown


class _TermsPart(RowSerializer):
    """Whether the reader may move it now; left: null for whom no count binds; until: included."""

    allowed = serializers.BooleanField()
    left = serializers.IntegerField(allow_null=True)
    until = serializers.DateTimeField()


class _MovePart(RowSerializer):
    """From when to when it was moved, and who wanted that."""

    start_at = serializers.DateTimeField()
    new_start_at = serializers.DateTimeField()
    side = serializers.ChoiceField(Side.choices)
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


class _DisputePart(RowSerializer):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(DisputeStatus.choices)


def _dispute(row: dict) -> dict | None:
    if row["dispute__id"] is None:
        return None
    return {"id": row["dispute__id"], "status": row["dispute__status"]}


class AppointmentDetailSerializer(AppointmentSerializer):
    """note: what the client wrote, for the two sides; empty for staff.

    A row is made of the COLUMNS of services.outcomes.with_hit(): whether its counselor does
    not come.
    """

    COLUMNS = (*AppointmentSerializer.COLUMNS, "note", "hit", "dispute__id", "dispute__status")
    MOVE_COLUMNS = tuple(_MovePart().fields)

    note = serializers.CharField()
    reschedule = _TermsPart()
    reschedules = _MovePart(many=True)
    dispute = _DisputePart(allow_null=True)
    disputable_until = serializers.DateTimeField()

    def to_representation(self, row):
        reader = self.context["request"].user.pk
        mine = reader in (row["user_id"], row["counselor__user_id"])
        moves = row["reschedules"]
        found = terms(
            status=row["status"],
            start_at=row["start_at"],
            moved_by_client=sum(move["side"] == Side.CLIENT for move in moves),
            by_client=reader == row["user_id"] and not row["hit"],
            now=timezone.now(),
        )
        return super().to_representation(row) | {
            "note": row["note"] if mine else "",
            "reschedule": asdict(found),
            "reschedules": moves,
            "dispute": _dispute(row),
            "disputable_until": disputable_until(row["end_at"]),
        }


class BookSerializer(serializers.Serializer):
    """The body of POST /appointment.  No price: the server sets it."""

    slot_id = IdField()
    service_id = IdField()
    client_id = IdField()
    note = serializers.CharField(
        max_length=NOTE_LENGTH, allow_blank=True, required=False, default=""
    )
    agreement_version = serializers.IntegerField(
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text="所读预约协议的版本；不是最新版时拒绝",
    )


class CancelSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=200, allow_blank=True, required=False, default="")


class RescheduleSerializer(serializers.Serializer):
    slot_id = IdField()
    reason = serializers.CharField(max_length=200, allow_blank=True, required=False, default="")


class CancelPreviewSerializer(serializers.Serializer):
    """fee, refund in yuan; until: how long this answer stays true."""

    fee = MoneyField()
    refund = MoneyField()
    until = serializers.DateTimeField()
    policy = serializers.CharField()
