from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from config.api.caching import etag
from config.api.filters import FilterBackend
from config.api.permissions import PUBLIC
from config.api.viewsets import ApiViewSet
from config.days import day_start
from config.prepared import Prepared, PreparedPages, counted
from counseling.filters import SlotFilter
from counseling.models import TimeSlot
from counseling.serializers.counselors import FreeDaysSerializer, SlotSerializer
from counseling.services.availability import free_days, sees_all_slots, slots_seen_by
from counseling.services.calendar import horizon_end

_MINUTE = timedelta(minutes=1)


class TimeSlotViewSet(ApiViewSet):
    """/time-slots: free times for everybody; counselors see all of theirs, planners all."""

    queryset = TimeSlot.objects.none()  # names the model to the schema
    serializer_class = SlotSerializer
    filter_backends = [FilterBackend]
    filterset_class = SlotFilter
    permissions = {"list": PUBLIC, "days": PUBLIC}
    scopes = dict.fromkeys(("list", "days"), "slot:read")
    summaries = {"days": "某月可预约的日期"}

    def get_queryset(self):
        counselor = self.request.query_params.get("counselor", "")
        counselor_id = int(counselor) if _is_number(counselor) else None
        rows = slots_seen_by(self.request.user, counselor_id, now=timezone.now())
        return rows.order_by("start_at", "pk").values(*SlotSerializer.COLUMNS)

    @etag
    def list(self, request):
        rows = self.paginate_queryset(self._wanted(request))
        for row in rows:
            row["date"] = timezone.localdate(row["start_at"]).isoformat()
            row["minutes"] = (row["end_at"] - row["start_at"]) // _MINUTE
        return self.get_paginated_response(rows)

    def _wanted(self, request):
        """One counselor's free times are what nearly everybody asks for."""
        counselor = request.query_params.get("counselor", "")
        if request.query_params.keys() <= {"counselor", "page", "size"} and _is_number(counselor):
            counselor_id, now = int(counselor), timezone.now()
            if counselor_id and not sees_all_slots(request.user, counselor_id):
                return PreparedPages(
                    _free, _total, counselor=counselor_id, now=now, until=horizon_end(now)
                )
        return self.filter_queryset(self.get_queryset())

    @extend_schema(
        parameters=[
            OpenApiParameter("counselor", int, required=True),
            OpenApiParameter("month", str, required=True, description="YYYY-MM"),
        ],
        responses=FreeDaysSerializer,
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    @etag
    def days(self, request):
        """The days of a month on which a counselor can be booked, in one statement."""
        counselor, month = (request.query_params.get(name, "") for name in ("counselor", "month"))
        if not _is_number(counselor):
            raise ValidationError({"counselor": [_("请填写咨询师 ID")]})
        first, last = _month(month)
        days = free_days(int(counselor), first=first, last=last, now=timezone.now())
        return Response({"month": month, "days": [{"date": d, "free": n} for d, n in days]})


def _free_of(counselor, now, until):
    return TimeSlot.objects.bookable(now, until).filter(counselor_id=counselor)


_free = Prepared(
    lambda counselor, now, until: (
        _free_of(counselor, now, until).order_by("start_at", "pk").values(*SlotSerializer.COLUMNS)
    )
)
_total = Prepared(lambda counselor, now, until: counted(_free_of(counselor, now, until)))


def _month(text: str):
    """The first moment of the business month "2026-11", and of the one after it."""
    try:
        first = date.fromisoformat(f"{text}-01")
        if not 2000 <= first.year < 2100:
            raise ValueError
    except ValueError:
        raise ValidationError({"month": [_("请用 YYYY-MM 格式")]}) from None
    return day_start(first), day_start((first + timedelta(days=31)).replace(day=1))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
