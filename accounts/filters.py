"""What the lists of accounts can be asked for."""

import django_filters
from django.conf import settings
from django.core.validators import RegexValidator
from django.db.models import Q
from django.utils.module_loading import import_string

from accounts.models import (
    DataScope,
    LoginLog,
    LoginSession,
    Role,
    Segment,
    User,
    UserStatus,
    UserTag,
)
from config.days import day_end, day_start

# Up to a hundred, as many as a page of the back office has.
_IDS = RegexValidator(r"\A[0-9]{1,18}(,[0-9]{1,18}){0,99}\Z")


class IdsFilter(django_filters.CharFilter):
    """Rows by their ids, up to a hundred, joined by commas."""

    def __init__(self):
        super().__init__(label="编号", validators=[_IDS])

    def filter(self, queryset, value):
        return queryset.filter(pk__in=value.split(",")) if value else queryset


class UserFilter(django_filters.FilterSet):
    """search: the beginning of a username or nickname, or a whole phone number or email.  ids: up
    to a hundred, joined by commas.

    Days are those of Shanghai, both ends included.  last_active: by the logins we still keep,
    60 days at least; who has none of them counts as not active since.
    """

    ids = IdsFilter()
    status = django_filters.ChoiceFilter(label="状态", choices=UserStatus.choices)
    role = django_filters.CharFilter(label="角色", field_name="groups__role__code", max_length=32)
    segment = django_filters.ChoiceFilter(
        label="分群", choices=Segment.choices, field_name="segment_row__segment"
    )
    tag = django_filters.NumberFilter(
        label="标签", method="by_tag", min_value=1, max_value=2**63 - 1
    )
    registered_from = django_filters.DateFilter(label="注册日期从", method="by_registration")
    registered_to = django_filters.DateFilter(label="注册日期至", method="by_registration")
    last_active_from = django_filters.DateFilter(label="最近活跃从", method="by_activity")
    last_active_to = django_filters.DateFilter(label="最近活跃至", method="by_activity")
    has_orders = django_filters.BooleanFilter(label="有订单", method="by_orders")
    search = django_filters.CharFilter(label="搜索", method="find", max_length=64)

    class Meta:
        model = User
        fields = [
            "ids", "status", "role", "segment", "tag", "registered_from", "registered_to",
            "last_active_from", "last_active_to", "has_orders", "search",
        ]  # fmt: skip

    def by_tag(self, queryset, name, value):
        return queryset.filter(taggings__tag=int(value))

    def by_registration(self, queryset, name, value):
        if name.endswith("_from"):
            return queryset.filter(created_at__gte=day_start(value))
        return queryset.filter(created_at__lt=day_end(value))

    def by_activity(self, queryset, name, value):
        if name.endswith("_from"):
            return queryset.filter(pk__in=_seen(last_seen_at__gte=day_start(value)))
        return queryset.exclude(pk__in=_seen(last_seen_at__gte=day_end(value)))

    def by_orders(self, queryset, name, value):
        """Orders are above us: settings say who knows them."""
        return import_string(settings.USERS_WITH_ORDERS)(queryset, value)

    def find(self, queryset, name, value):
        value = value.strip()
        return queryset.filter(
            Q(username__startswith=value.lower())
            | Q(nickname__startswith=value)
            | has_phone(value)
            | Q(email=value.lower())
        )


def has_phone(text: str) -> Q:
    """Whoever has just this number."""
    return Q(phone=text)


def _seen(**when):
    return LoginSession.objects.filter(**when).values("user")


class LoginLogFilter(django_filters.FilterSet):
    succeeded = django_filters.BooleanFilter()
    method = django_filters.CharFilter(max_length=16)

    class Meta:
        model = LoginLog
        fields = ["succeeded", "method"]


class RoleFilter(django_filters.FilterSet):
    """search: the beginning of a code or a name."""

    code = django_filters.CharFilter(label="代码", max_length=32)
    data_scope = django_filters.ChoiceFilter(label="数据范围", choices=DataScope.choices)
    built_in = django_filters.BooleanFilter(label="内置")
    staff = django_filters.BooleanFilter(label="可进入后台")
    search = django_filters.CharFilter(label="搜索", method="find", max_length=64)

    class Meta:
        model = Role
        fields = ["code", "data_scope", "built_in", "staff", "search"]

    def find(self, queryset, name, value):
        value = value.strip()
        return queryset.filter(Q(code__startswith=value) | Q(group__name__startswith=value))


class UserTagFilter(django_filters.FilterSet):
    """search: the beginning of a name."""

    search = django_filters.CharFilter(
        label="搜索", field_name="name", lookup_expr="startswith", max_length=64
    )

    class Meta:
        model = UserTag
        fields = ["colour", "search"]
