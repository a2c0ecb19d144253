"""What of accounts can be exported."""

from accounts.filters import UserFilter
from accounts.models import Gender, Role, User, UserStatus, UserTag
from accounts.services.export_kinds import Column, TableExport
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


def _year(birthday) -> str:
    return f"{birthday:%Y}" if birthday else ""
