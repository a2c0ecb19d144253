"""Claims as claimant, merchant and staff see them."""

from rest_framework import serializers

from commerce.serializers.orders import StartedPaymentSerializer
from config.api.serializers import ApiModelSerializer, MoneyField
from farm.models import AgreementStatus, AnimalClaim, ClaimRenewal
from farm.services.links import agreement_url


class ClaimSerializer(ApiModelSerializer):
    """price_paid in yuan; claimed_at: since when it is active, null before."""

    user_id = serializers.IntegerField(read_only=True)
    animal_id = serializers.IntegerField(read_only=True)
    merchant_id = serializers.IntegerField(read_only=True)
    order_number = serializers.CharField(source="order_item.order.number", read_only=True)

    class Meta:
        model = AnimalClaim
        fields = [
            "id", "number", "user_id", "animal_id", "animal_name", "merchant_id", "price_paid",
            "months", "status", "claimed_at", "ends_at", "ended_at", "end_kind", "end_reason",
            "end_asked_at", "end_asked_reason", "order_number", "created_at",
        ]  # fmt: skip


class ClaimDetailSerializer(ClaimSerializer):
    """agreement_url: the caller's own, for ten minutes; null until it is printed."""

    agreement_url = serializers.SerializerMethodField()
    agreement_number = serializers.SerializerMethodField()
    agreement_sha256 = serializers.SerializerMethodField()

    class Meta:
        model = AnimalClaim
        fields = [
            *ClaimSerializer.Meta.fields, "agreement_url", "agreement_number", "agreement_sha256",
        ]  # fmt: skip

    def get_agreement_url(self, claim) -> str | None:
        agreement = _printed(claim)
        reader = self.context["request"].user
        return agreement_url(agreement.pk, user_id=reader.pk) if agreement else None

    def get_agreement_number(self, claim) -> str | None:
        agreement = _printed(claim)
        return agreement.number if agreement else None

    def get_agreement_sha256(self, claim) -> str | None:
        agreement = _printed(claim)
        return agreement.file.sha256 if agreement else None


def _printed(claim):
    """The newest version that is printed; the view fetched them all."""
    ready = [one for one in claim.agreements.all() if one.status == AgreementStatus.READY]
    return max(ready, key=lambda one: one.version, default=None)


class MadeClaimSerializer(ClaimDetailSerializer):
    """payment: as POST /pay answers it, to be handed to the provider's SDK; null when nothing is
    to pay, or no attempt could be started: POST /pay with order_number starts one then."""

    payment = StartedPaymentSerializer(allow_null=True, read_only=True)

    class Meta:
        model = AnimalClaim
        fields = [*ClaimDetailSerializer.Meta.fields, "payment"]


class MadeRenewalSerializer(ApiModelSerializer):
    """starts_at, ends_at: the further term, once it is paid; payment: as of a new claim."""

    claim_id = serializers.IntegerField(read_only=True)
    order_number = serializers.CharField(source="order_item.order.number", read_only=True)
    payment = StartedPaymentSerializer(allow_null=True, read_only=True)

    class Meta:
        model = ClaimRenewal
        fields = [
            "id", "claim_id", "price_paid", "months", "status", "starts_at", "ends_at",
            "order_number", "created_at", "payment",
        ]  # fmt: skip


class ClaimBodySerializer(serializers.Serializer):
    """price_paid: what the person was shown; the server's price decides."""

    price_paid = MoneyField()


class EndBodySerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=200)


class EndPreviewSerializer(serializers.Serializer):
    """refund in yuan."""

    refund = MoneyField()
    used_days = serializers.IntegerField()
    total_days = serializers.IntegerField()


class AgreementTokenQuery(serializers.Serializer):
    token = serializers.CharField(max_length=400)
