"""What of accounts can be exported."""

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import ExportInvalid
from accounts.filters import UserFilter
from accounts.models import ExportFormat, ExportJob, Gender, Role, User, UserStatus, UserTag
from accounts.serializers.stats import SpanQuery
from accounts.services.export_kinds import Column, Progress, ReachingExport, TableExport, table_for
from accounts.services.stat_tables import rows_of
from accounts.services.user_stats import PERMISSION, may_take_along, user_stats
from config.masking import mask_email, mask_phone

_STATUS, _GENDER = dict(UserStatus.choices), dict(Gender.choices)


def _roles() -> list[tuple[str, str]]:
    return list(Role.objects.order_by("pk").values_list("code", "group__name"))


def _tags() -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in UserTag.objects.values_list("pk", "name")]


class UserExport(TableExport):
    """The people of GET /user, by its filters."""

    label = "用户"
    permission = "accounts.view_user"
    filterset = UserFilter
    columns = {
        "id": Column("ID", lambda user: user.pk),
        "username": Column("用户名", lambda user: user.username),
        "nickname": Column("昵称", lambda user: user.nickname),
        "phone": Column("手机号", lambda user: user.phone, lambda user: mask_phone(user.phone)),
        "email": Column("邮箱", lambda user: user.email, lambda user: mask_email(user.email)),
        "gender": Column("性别", lambda user: _GENDER.get(user.gender, "")),
        "birthday": Column("生日", lambda user: user.birthday, lambda user: _year(user.birthday)),
        "status": Column("状态", lambda user: _STATUS.get(user.status, user.status)),
        "is_staff": Column("可进入后台", lambda user: user.is_staff),
        "roles": Column("角色", lambda user: "、".join(g.name for g in user.groups.all())),
        "tags": Column("标签", lambda user: "、".join(sorted(t.name for t in user.tags.all()))),
        "created_at": Column("注册时间", lambda user: user.created_at),
    }

    choices = {"role": _roles, "tag": _tags}

    def rows(self, user):
        return User.objects.prefetch_related("groups", "tags")


class StatsExport(ReachingExport):
    """The figures of a /stat/…, by its days, as far as its requester's role reaches.

    query: the serializer of what may be asked for.
    figures(viewer, now, **wanted): the figures; figures_table(stats): the file, heads first.
    """

    label: str
    query: type[SpanQuery]
    formats = (ExportFormat.CSV, ExportFormat.XLSX)
    columns: Mapping[str, Any] = {}
    figures: Callable[..., Any]
    figures_table: Callable[[Any], list[list]]

    def allows(self, user: User, *, unmasked: bool) -> bool:
        return not unmasked and may_take_along(user)

    def wanted(self, *, unmasked: bool) -> list[str]:
        return [PERMISSION]  # to export reaches at least as far

    def check(self, filters: Mapping[str, Any], *, user: User) -> dict[str, Any]:
        """The days as they are today: what is asked for later by the same words are others."""
        if unknown := filters.keys() - self.query().fields.keys():
            raise ExportInvalid(filters={name: [_("没有这个筛选条件")] for name in sorted(unknown)})
        wanted = self._asked(filters)
        days = {"from": str(wanted.pop("first")), "to": str(wanted.pop("last"))}
        return days | {"by": str(wanted.pop("by"))} | wanted

    def count(self, job: ExportJob) -> int:
        return len(self._table(job)) - 1

    def write(self, job: ExportJob, file: BinaryIO, *, progress: Progress) -> None:
        heads, *rows = self._table(job)
        table = table_for(job.format)(file, heads)
        for row in rows:
            table.add(row)
        progress(len(rows))
        table.close()

    def _table(self, job: ExportJob) -> list[list]:
        if job.filters is None:
            raise ExportInvalid
        wanted = self._asked(job.filters)
        stats = self.figures(viewer=job.requested_by, now=timezone.now(), **wanted)
        return self.figures_table(stats)

    def _asked(self, filters: Mapping[str, Any]) -> dict[str, Any]:
        query = self.query(data=filters)
        if not query.is_valid():
            raise ExportInvalid(filters={name: list(why) for name, why in query.errors.items()})
        return dict(query.validated_data)


class UserStatsExport(StatsExport):
    label = "用户统计"
    query = SpanQuery
    figures = staticmethod(user_stats)
    figures_table = staticmethod(rows_of)


def _year(birthday) -> str:
    return f"{birthday:%Y}" if birthday else ""
