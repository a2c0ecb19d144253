from django.db.models import Q
from django_filters import rest_framework as filters

from commerce.filters import AmountFilter
from farm.models import Animal, AnimalClaim, AnimalStatus, ClaimStatus, EndKind, Listing


class AnimalFilter(filters.FilterSet):
    species = filters.CharFilter(help_text="物种")
    status = filters.ChoiceFilter(choices=AnimalStatus.choices)
    merchant_id = filters.NumberFilter(min_value=1, max_value=10**18)
    price_min = filters.NumberFilter("price", "gte", min_value=0, max_value=10**8)
    price_max = filters.NumberFilter("price", "lte", min_value=0, max_value=10**8)
    search = filters.CharFilter(method="named", help_text="名字、品种或性格包含")

    class Meta:
        model = Animal
        fields = []

    def named(self, queryset, name, value):
        words = Q(name__icontains=value) | Q(breed__icontains=value)
        return queryset.filter(words | Q(personality__icontains=value))


class OwnAnimalFilter(AnimalFilter):
    listing = filters.ChoiceFilter(choices=Listing.choices)


class ClaimFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=ClaimStatus.choices)
    animal_id = filters.NumberFilter(min_value=1, max_value=10**18)
    end_asked = filters.BooleanFilter(
        "end_asked_at", "isnull", exclude=True, help_text="认领人申请了提前结束"
    )

    class Meta:
        model = AnimalClaim
        fields = []


class ClaimExportFilter(AmountFilter):
    """The filters of the back office's list."""

    searched, amount = ("number", "order_item__order__number"), "price_paid"

    status = filters.ChoiceFilter(choices=ClaimStatus.choices, label="状态")
    end_kind = filters.ChoiceFilter(choices=EndKind.choices, label="结束方式")
    merchant = filters.NumberFilter(min_value=1, max_value=10**18, label="商户 ID")
    animal = filters.NumberFilter(min_value=1, max_value=10**18, label="动物 ID")
    claimed_at_from = filters.DateFilter(method="by_day", label="认领日期从")
    claimed_at_to = filters.DateFilter(method="by_day", label="认领日期至")
    ends_at_from = filters.DateFilter(method="by_day", label="到期日期从")
    ends_at_to = filters.DateFilter(method="by_day", label="到期日期至")

    class Meta:
        model = AnimalClaim
        fields = []
