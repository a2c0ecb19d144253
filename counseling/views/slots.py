from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from config.api.caching import etag
from config.api.filters import FilterBackend
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet
from config.days import day_start
from config.errors import Forbidden, NotFound
from config.prepared import Prepared, PreparedPages, counted
from counseling import errors
from counseling.filters import SlotFilter
from counseling.models import TimeSlot
from counseling.serializers.counselors import FreeDaysSerializer, SlotSerializer
from counseling.serializers.schedule import (
    BatchSerializer,
    ChangeSlotsBody,
    CloseSlotsBody,
    DaysQuery,
    NewSlotsBody,
    SlotIdsBody,
    UtilisationSerializer,
)
from counseling.services import slot_batches as service
from counseling.services.availability import bookable, free_days, sees_all_slots, slots_seen_by
from counseling.services.calendar import horizon_end
from counseling.services.schedule_edit import counselor_to_plan
from counseling.services.utilisation import counselors_looked_at, with_minutes

_BATCH = (Forbidden, NotFound, errors.SlotConflicts, errors.SlotOverlap)
_MINUTE = timedelta(minutes=1)


class TimeSlotViewSet(ApiViewSet):
    """/time-slots: free times for everybody; counselors see all of theirs, planners all."""

    queryset = TimeSlot.objects.none()  # names the model to the schema
    serializer_class = SlotSerializer
    filter_backends = [FilterBackend]
    filterset_class = SlotFilter
    permissions = {
        "list": PUBLIC,
        "days": PUBLIC,
        **dict.fromkeys(("create", "change", "close", "reopen", "utilisation"), LOGIN),
    }
    refusals = {
        "create": _BATCH,
        "change": _BATCH,
        "close": (Forbidden, NotFound, errors.SlotConflicts),
        "reopen": (Forbidden, NotFound, errors.SlotConflicts),
    }
    scopes = dict.fromkeys(("list", "days"), "slot:read")
    summaries = {
        "days": "某月可预约的日期",
        "create": "批量新增时段",
        "change": "批量改时间",
        "close": "批量关闭时段",
        "reopen": "批量重新开放时段",
        "utilisation": "时间利用情况",
    }

    def get_queryset(self):
        counselor = self.request.query_params.get("counselor", "")
        counselor_id = int(counselor) if _is_number(counselor) else None
        rows = slots_seen_by(self.request.user, counselor_id, now=timezone.now())
        return rows.order_by("start_at", "pk").values(*SlotSerializer.COLUMNS)

    @etag
    def list(self, request):
        rows = self.paginate_queryset(self._wanted(request))
        return self.get_paginated_response([_shown(row) for row in rows])

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

    @extend_schema(request=NewSlotsBody, responses={200: BatchSerializer})
    def create(self, request):
        """All or none, or `partly`; the answer names each that clashes, and why."""
        body, counselor_id = self._batch(NewSlotsBody, "add")
        spans = [(one["start_at"], one["end_at"]) for one in body.pop("slots")]
        return _told(body, service.create_batch(counselor_id, spans=spans, **body))

    @extend_schema(request=ChangeSlotsBody, responses=BatchSerializer)
    @action(detail=False, methods=["post"], pagination_class=None)
    def change(self, request):
        body, counselor_id = self._batch(ChangeSlotsBody, "change")
        changes = [(one["id"], one["start_at"], one["end_at"]) for one in body.pop("slots")]
        return _told(body, service.change_batch(counselor_id, changes=changes, **body))

    @extend_schema(request=CloseSlotsBody, responses=BatchSerializer)
    @action(detail=False, methods=["post"], pagination_class=None)
    def close(self, request):
        return self._set_open(CloseSlotsBody, open=False)

    @extend_schema(request=SlotIdsBody, responses=BatchSerializer)
    @action(detail=False, methods=["post"], pagination_class=None)
    def reopen(self, request):
        return self._set_open(SlotIdsBody, open=True)

    @extend_schema(
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATE, required=True),
            OpenApiParameter("to", OpenApiTypes.DATE, required=True, description="含当天"),
            OpenApiParameter("counselor", int),
        ],
        responses=UtilisationSerializer(many=True),
        filters=False,
    )
    @action(detail=False)
    def utilisation(self, request):
        """Minutes by status of each counselor: one's own, and all that staff may look at."""
        query = DaysQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        rows = self.paginate_queryset(counselors_looked_at(request.user, asked.get("counselor")))
        return self.get_paginated_response(
            with_minutes(rows, first=asked["from"], last=asked["to"])
        )

    def _set_open(self, body_class, *, open: bool) -> Response:
        body, counselor_id = self._batch(body_class, "change")
        batch = service.set_open_batch(
            counselor_id, slot_ids=body.pop("ids"), open=open, actor=self.request.user, **body
        )
        return _told(body, batch)

    def _batch(self, body_class, verb: str) -> tuple[dict, int]:
        body = dict(self.body(body_class))
        permission = f"counseling.{verb}_timeslot"
        wanted = body.pop("counselor_id", None)
        return body, counselor_to_plan(self.request.user, wanted, permission=permission)


def _told(body: dict, batch: service.Batch) -> Response:
    rows = [_shown({name: getattr(slot, name) for name in SlotSerializer.COLUMNS})
            for slot in batch.slots]  # fmt: skip
    conflicts = [vars(conflict) for conflict in batch.conflicts]
    dry_run = body.get("dry_run", False)
    return Response({"dry_run": dry_run, "slots": rows, "conflicts": conflicts})


def _shown(row: dict) -> dict:
    row["date"] = timezone.localdate(row["start_at"]).isoformat()
    row["minutes"] = (row["end_at"] - row["start_at"]) // _MINUTE
    return row


def _free_of(counselor, now, until):
    return bookable(now, until).filter(counselor_id=counselor)


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
