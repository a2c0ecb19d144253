from rest_framework import serializers

from accounts.models import ApiKey
from accounts.rbac import SCOPES
from accounts.services.api_keys import FASTEST, LONGEST_DAYS, MOST_NETWORKS
from config.api.serializers import ApiModelSerializer, IdField


class NewApiKeyBody(serializers.Serializer):
    """days: until it expires.  networks: addresses or networks it may be used from."""

    owner_id = IdField()
    name = serializers.CharField(max_length=64)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(SCOPES.items())), min_length=1
    )
    days = serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS)
    networks = serializers.ListField(
        child=serializers.CharField(max_length=64), max_length=MOST_NETWORKS, default=list
    )
    per_minute = serializers.IntegerField(min_value=1, max_value=FASTEST, default=60)


class ApiKeySerializer(ApiModelSerializer):
    state = serializers.ChoiceField(
        choices=[("live", "有效"), ("expired", "已过期"), ("revoked", "已吊销")], read_only=True
    )
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    networks = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ApiKey
        fields = [
            "id", "prefix", "name", "owner_id", "scopes", "networks", "per_minute", "state",
            "created_at", "expires_at", "last_used_at", "revoked_at",
        ]  # fmt: skip


class NewApiKeySerializer(ApiKeySerializer):
    """key: what its holder sends in X-API-Key; this answer alone has it."""

    key = serializers.CharField(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = ["key", *ApiKeySerializer.Meta.fields]
