from django.db.models import Count, Q

from content.views.tags import DiseaseTagViewSet as Base
from counseling.models import CounselorStatus
from counseling.serializers.tags import CountedTagSerializer


class DiseaseTagViewSet(Base):
    """/disease-tags with the number of published counselors who help with each."""

    serializer_class = CountedTagSerializer

    def get_queryset(self):
        published = Q(counselors__status=CounselorStatus.PUBLISHED)
        counted = Count("counselors", filter=published)
        # Grouping drops the model's own ordering.
        rows = super().get_queryset().annotate(counselor_count=counted)
        return rows.order_by("sort_order", "pk")
