from rest_framework import serializers

from commerce.models import Address
from config.api.serializers import ApiModelSerializer, PhoneField
from config.masking import mask_phone


class AddressSerializer(ApiModelSerializer):
    """An address as its owner sees it alone."""

    receiver = serializers.CharField(read_only=True)
    phone = serializers.CharField(read_only=True)
    region = serializers.CharField(read_only=True)
    detail = serializers.CharField(read_only=True)

    class Meta:
        model = Address
        fields = ["id", "receiver", "phone", "region", "detail", "is_default", "created_at"]


class MaskedAddressSerializer(AddressSerializer):
    """The same in a list: the number is masked."""

    def to_representation(self, address):
        row = super().to_representation(address)
        return row | {"phone": mask_phone(row["phone"])}


class AddressBodySerializer(serializers.Serializer):
    """region: province, city and district, as wx.chooseAddress gives them, with blanks between."""

    receiver = serializers.CharField(max_length=32)
    phone = PhoneField()
    region = serializers.CharField(max_length=64)
    detail = serializers.CharField(max_length=200)
    is_default = serializers.BooleanField(required=False)
