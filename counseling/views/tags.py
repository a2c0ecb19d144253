from django.db.models import Count
from django.utils import timezone

from content.views.tags import DiseaseTagViewSet as Base
from counseling.models import practising
from counseling.serializers.tags import CountedTagSerializer


class DiseaseTagViewSet(Base):
    """/disease-tags with the number of practising counselors who help with each."""

    serializer_class = CountedTagSerializer

    def get_queryset(self):
        counted = Count("counselors", filter=practising(timezone.now(), "counselors__"))
        # Grouping drops the model's own ordering.
        rows = super().get_queryset().annotate(counselor_count=counted)
        return rows.order_by("sort_order", "pk")
