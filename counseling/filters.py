"""What lists can be filtered by.  A counselor must fit every filter that is given."""

import json
from datetime import UTC, datetime, timedelta

import django_filters as filters
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import Gender
from config.api.filters import OrderingFilter
from config.days import day_start
from counseling.models import (
    AccessStatus,
    AffectedAppointment,
    AffectedStatus,
    Appointment,
    AppointmentStatus,
    Counselor,
    CounselorApplication,
    CounselorApplicationStatus,
    Dispute,
    DisputeStatus,
    ExceptionKind,
    LeaveRequest,
    LeaveStatus,
    Location,
    Mode,
    NoteAccess,
    Qualification,
    QualificationKind,
    QualificationStatus,
    Review,
    ScheduleException,
    Service,
    ServiceKind,
    SessionNote,
    SlotStatus,
    TimeSlot,
    Weekday,
    WeeklyTemplate,
)
from counseling.services.availability import bookable
from counseling.services.calendar import horizon_end

_DAY = timedelta(days=1)


_MOST = 10**18  # ids beyond it no database has
# What no calendar of ours reaches would overflow on its way to UTC.
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class _Numbers(filters.BaseInFilter, filters.NumberFilter):
    pass


def _day(**kwargs):
    limits = [MinValueValidator(_FIRST.date()), MaxValueValidator(_LAST.date())]
    return filters.DateFilter(validators=limits, **kwargs)


def _moment(**kwargs):
    limits = [MinValueValidator(_FIRST), MaxValueValidator(_LAST)]
    return filters.IsoDateTimeFilter(validators=limits, **kwargs)


def _price():
    return filters.NumberFilter(method="together", min_value=0, max_value=10**8)


class CounselorFilter(filters.FilterSet):
    """price_min, price_max, mode and kind speak of one service, free_* of one free slot."""

    specialty = _Numbers(
        method="tagged",
        min_value=1,
        max_value=_MOST,
        help_text="困扰标签 ID，多个用逗号分隔，满足其一",
    )
    gender = filters.ChoiceFilter(choices=Gender.choices)
    city = filters.CharFilter(method="working_in", help_text="所在城市，或有咨询室的城市")
    language = filters.CharFilter(method="speaking", help_text="如 普通话")
    search = filters.CharFilter(method="named", help_text="姓名、头衔、简介或流派取向包含")
    price_min = _price()
    price_max = _price()
    mode = filters.ChoiceFilter(choices=Mode.choices, method="together")
    kind = filters.ChoiceFilter(choices=ServiceKind.choices, method="together")
    free_on = _day(method="together", help_text="该日有空闲时段")
    free_from = _moment(method="together", help_text="空闲时段不早于")
    free_to = _moment(method="together", help_text="空闲时段不晚于")

    class Meta:
        model = Counselor
        fields = []

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        given = {
            name: value for name, value in self.form.cleaned_data.items() if value not in (None, "")
        }
        if given.keys() & {"price_min", "price_max", "mode", "kind"}:
            queryset = queryset.filter(Exists(_services(given)))
        if given.keys() & {"free_on", "free_from", "free_to"}:
            queryset = queryset.filter(Exists(_free_slots(given)))
        return queryset

    def together(self, queryset, name, value):
        """Looked at by filter_queryset(), with the others of its kind."""
        return queryset

    def tagged(self, queryset, name, value):
        through = Counselor.specialties.through.objects
        rows = through.filter(counselor_id=OuterRef("pk"), diseasetag_id__in=value)
        return queryset.filter(Exists(rows))

    def speaking(self, queryset, name, value):
        """Databases keep JSON text with or without escapes: look for both."""
        return queryset.alias(spoken=Cast("languages", TextField())).filter(
            Q(spoken__contains=json.dumps(value))
            | Q(spoken__contains=json.dumps(value, ensure_ascii=False))
        )

    def named(self, queryset, name, value):
        found = Q()
        for column in ("name", "title", "bio", "orientation"):
            found |= Q(**{f"{column}__icontains": value})
        return queryset.filter(found)

    def working_in(self, queryset, name, value):
        studios = Location.objects.filter(counselor_id=OuterRef("pk"), city=value).order_by()
        return queryset.filter(Q(city=value) | Exists(studios))


def _services(given: dict) -> QuerySet:
    columns = {
        "price_min": "price__gte", "price_max": "price__lte", "mode": "mode", "kind": "kind",
    }  # fmt: skip
    wanted = {column: given[name] for name, column in columns.items() if name in given}
    return Service.objects.filter(counselor_id=OuterRef("pk"), is_active=True, **wanted).order_by()


def _free_slots(given: dict) -> QuerySet:
    now = timezone.now()
    rows = bookable(now, horizon_end(now)).filter(counselor_id=OuterRef("pk"))
    if day := given.get("free_on"):
        rows = rows.filter(start_at__gte=day_start(day), start_at__lt=day_start(day) + _DAY)
    if start := given.get("free_from"):
        rows = rows.filter(start_at__gte=start)
    if end := given.get("free_to"):
        rows = rows.filter(end_at__lte=end)
    return rows.order_by()


class CounselorOrdering(OrderingFilter):
    """Whoever has no free time, or no price, comes last either way round."""

    def filter_queryset(self, request, queryset, view):
        ordering = self.get_ordering(request, queryset, view)
        return queryset.order_by(*map(_empty_last, ordering)) if ordering else queryset


def _empty_last(name: str):
    column = name.lstrip("-")
    if column not in {"next_free_at", "lowest_price"}:
        return name
    return F(column).desc(nulls_last=True) if name[0] == "-" else F(column).asc(nulls_last=True)


class _Range(filters.FilterSet):
    """from is included, to is not; `from` cannot be written as a plain attribute."""

    vars()["from"] = _moment(field_name="start_at", lookup_expr="gte")
    to = _moment(field_name="start_at", lookup_expr="lt")


class SlotFilter(_Range):
    counselor = filters.NumberFilter(field_name="counselor_id", min_value=1, max_value=_MOST)
    date = _day(method="on_day", help_text="某个业务日（北京时间）")
    status = filters.ChoiceFilter(choices=SlotStatus.choices, help_text="他人只能看到 open")

    class Meta:
        model = TimeSlot
        fields = []

    def on_day(self, queryset, name, value):
        return queryset.filter(start_at__gte=day_start(value), start_at__lt=day_start(value) + _DAY)


class WeeklyTemplateFilter(filters.FilterSet):
    counselor = filters.NumberFilter(field_name="counselor_id", min_value=1, max_value=_MOST)
    weekday = filters.ChoiceFilter(choices=Weekday.choices)

    class Meta:
        model = WeeklyTemplate
        fields = []


class ScheduleExceptionFilter(filters.FilterSet):
    """from and to are both included."""

    counselor = filters.NumberFilter(field_name="counselor_id", min_value=1, max_value=_MOST)
    kind = filters.ChoiceFilter(choices=ExceptionKind.choices)
    vars()["from"] = _day(field_name="date", lookup_expr="gte")
    to = _day(field_name="date", lookup_expr="lte")

    class Meta:
        model = ScheduleException
        fields = []


class AppointmentFilter(_Range):
    status = filters.MultipleChoiceFilter(choices=AppointmentStatus.choices)
    counselor = filters.NumberFilter(field_name="counselor_id", min_value=1, max_value=_MOST)
    user = filters.NumberFilter(
        field_name="user_id", min_value=1, max_value=_MOST, help_text="预约人的用户 ID"
    )
    mode = filters.ChoiceFilter(choices=Mode.choices)

    class Meta:
        model = Appointment
        fields = []


class ReviewFilter(filters.FilterSet):
    counselor = filters.NumberFilter(field_name="counselor_id", min_value=1, max_value=_MOST)
    rating = filters.NumberFilter(min_value=1, max_value=5, help_text="几星")

    class Meta:
        model = Review
        fields = []


class OwnReviewFilter(ReviewFilter):
    appointment = filters.NumberFilter(field_name="appointment_id", min_value=1, max_value=_MOST)


class DisputeFilter(filters.FilterSet):
    status = filters.MultipleChoiceFilter(choices=DisputeStatus.choices)
    appointment = filters.NumberFilter(
        field_name="appointment_id", min_value=1, max_value=_MOST, help_text="预约 ID"
    )

    class Meta:
        model = Dispute
        fields = []


class ApplicationFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=CounselorApplicationStatus.choices)

    class Meta:
        model = CounselorApplication
        fields = []


class QualificationFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=QualificationStatus.choices)
    kind = filters.ChoiceFilter(choices=QualificationKind.choices)

    class Meta:
        model = Qualification
        fields = []


class LeaveFilter(_Range):
    status = filters.MultipleChoiceFilter(choices=LeaveStatus.choices)
    counselor = filters.NumberFilter(field_name="counselor_id", min_value=1, max_value=_MOST)

    class Meta:
        model = LeaveRequest
        fields = []


class AffectedFilter(filters.FilterSet):
    status = filters.MultipleChoiceFilter(choices=AffectedStatus.choices)
    leave = filters.NumberFilter(field_name="leave_id", min_value=1, max_value=_MOST)
    appointment = filters.NumberFilter(field_name="appointment_id", min_value=1, max_value=_MOST)

    class Meta:
        model = AffectedAppointment
        fields = []


class SessionNoteFilter(filters.FilterSet):
    appointment = filters.NumberFilter(field_name="appointment_id", min_value=1, max_value=_MOST)

    class Meta:
        model = SessionNote
        fields = []


class NoteAccessFilter(SessionNoteFilter):
    status = filters.ChoiceFilter(choices=AccessStatus.choices)

    class Meta:
        model = NoteAccess
        fields = []
