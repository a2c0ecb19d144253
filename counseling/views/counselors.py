from collections import defaultdict
from collections.abc import Iterable

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from config.api.caching import etag
from config.api.filters import FilterBackend
from config.api.permissions import PUBLIC
from config.api.viewsets import ApiViewSet
from config.prepared import Prepared, PreparedPages, counted
from counseling.filters import CounselorFilter, CounselorOrdering
from counseling.models import Counselor, Service
from counseling.serializers.counselors import (
    CounselorDetailSerializer,
    CounselorSerializer,
    ServiceSerializer,
)
from counseling.services.availability import next_free_at
from counseling.services.calendar import horizon_end
from counseling.services.visits import count_visit


class CounselorViewSet(ApiViewSet):
    """/counselor: practising counselors, for everybody."""

    queryset = Counselor.objects.none()  # names the model to the schema
    serializer_class = CounselorSerializer
    filter_backends = [FilterBackend, CounselorOrdering]
    filterset_class = CounselorFilter
    ordering_fields = ["rating", "lowest_price", "practice_years", "next_free_at"]
    permissions = {"list": PUBLIC, "retrieve": PUBLIC}
    scopes = dict.fromkeys(("list", "retrieve"), "counselor:read")

    def get_queryset(self):
        now = timezone.now()
        return _practising(now, horizon_end(now))

    @etag
    def list(self, request):
        rows = self.paginate_queryset(self._wanted(request))
        tags = _specialties(row["id"] for row in rows)
        for row in rows:
            row["specialties"] = tags[row["id"]]
        return self.get_paginated_response(rows)

    def _wanted(self, request):
        """The plain list is what nearly everybody asks for."""
        if request.query_params.keys() <= {"page", "size"}:
            now = timezone.now()
            return PreparedPages(_all, _total, now=now, until=horizon_end(now))
        return self.filter_queryset(self.get_queryset()).values(*CounselorSerializer.COLUMNS)

    @extend_schema(responses=CounselorDetailSerializer)
    @etag
    def retrieve(self, request, pk):
        """Two statements: the counselor once per specialty, and the services."""
        now = timezone.now()
        rows = _one(counselor=int(pk), now=now, until=horizon_end(now))
        if not rows:
            raise Http404
        counselor = {name: rows[0][name] for name in CounselorDetailSerializer.COLUMNS}
        counselor["specialties"] = [
            {"id": row[_TAG[0]], "name": row[_TAG[1]]} for row in rows if row[_TAG[0]]
        ]
        counselor["services"] = [_with_place(row) for row in _services(counselor=int(pk))]
        count_visit(int(pk), now=now)
        return Response(counselor)


def _practising(now, until):
    return Counselor.objects.practising(now).annotate(next_free_at=next_free_at(now, until))


def _with_place(service: dict) -> dict:
    place = {name: service.pop(f"location__{name}") for name in ("id", "city", "address")}
    return service | {"location": place if place["id"] else None}


def _specialties(counselor_ids: Iterable[int]) -> dict[int, list[dict]]:
    """The specialties of each counselor, in one statement."""
    found = defaultdict(list)
    ids = tuple(counselor_ids)
    for row in _tags(ids=ids) if ids else ():
        tag = {"id": row["diseasetag_id"], "name": row["diseasetag__name"]}
        found[row["counselor_id"]].append(tag)
    return found


# What everybody looks at, compiled once (config.prepared).
_TAG = ("specialties__id", "specialties__name")
_all = Prepared(lambda now, until: _practising(now, until).values(*CounselorSerializer.COLUMNS))
_total = Prepared(lambda now, until: counted(Counselor.objects.practising(now)))
_one = Prepared(
    lambda counselor, now, until: (
        _practising(now, until)
        .filter(pk=counselor)
        .order_by("specialties__sort_order", "specialties__id")
        .values(*CounselorDetailSerializer.COLUMNS, *_TAG)
    )
)
_services = Prepared(
    lambda counselor: (
        Service.objects.filter(counselor_id=counselor, is_active=True)
        .order_by("price", "pk")
        .values(*ServiceSerializer.COLUMNS)
    )
)
_tags = Prepared(
    lambda ids: (
        Counselor.specialties.through.objects.filter(counselor_id__in=ids)
        .order_by("diseasetag__sort_order", "diseasetag_id")
        .values("counselor_id", "diseasetag_id", "diseasetag__name")
    )
)
