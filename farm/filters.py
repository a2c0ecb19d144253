from django.db.models import Q
from django_filters import rest_framework as filters

from farm.models import Animal, AnimalClaim, AnimalStatus, ClaimStatus, Listing


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
