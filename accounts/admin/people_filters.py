"""What the back office's list of people can be narrowed to."""

from datetime import timedelta

from django.conf import settings
from django.contrib.admin import SimpleListFilter
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import LoginSession, Role, Segment


def role_choices() -> list[tuple[str, str]]:
    return list(Role.objects.order_by("pk").values_list("code", "group__name"))


class RoleFilter(SimpleListFilter):
    title, parameter_name = "角色", "role"

    def lookups(self, request, model_admin):
        return role_choices()

    def queryset(self, request, queryset):
        return queryset.filter(groups__role__code=self.value()) if self.value() else queryset


class SegmentFilter(SimpleListFilter):
    """As of the last night."""

    title, parameter_name = "分群", "segment"

    def lookups(self, request, model_admin):
        return Segment.choices

    def queryset(self, request, queryset):
        chosen = self.value()
        return queryset.filter(segment_row__segment=chosen) if chosen else queryset


class OrderFilter(SimpleListFilter):
    title, parameter_name = "有订单", "has_orders"

    def lookups(self, request, model_admin):
        return [("true", "是"), ("false", "否")]

    def queryset(self, request, queryset):
        if self.value() not in {"true", "false"}:
            return queryset
        return import_string(settings.USERS_WITH_ORDERS)(queryset, self.value() == "true")


class LastActiveFilter(SimpleListFilter):
    """By the logins we still keep, 60 days at least; who has none counts as not active."""

    title, parameter_name = "最近活跃", "active"
    DAYS = {"1": "近 1 天", "7": "近 7 天", "30": "近 30 天", "idle": "30 天内未活跃"}

    def lookups(self, request, model_admin):
        return list(self.DAYS.items())

    def queryset(self, request, queryset):
        chosen = self.value()
        if chosen not in self.DAYS:
            return queryset
        since = timezone.now() - timedelta(days=30 if chosen == "idle" else int(chosen))
        seen = LoginSession.objects.filter(last_seen_at__gte=since).values("user")
        narrow = queryset.exclude if chosen == "idle" else queryset.filter
        return narrow(pk__in=seen)
