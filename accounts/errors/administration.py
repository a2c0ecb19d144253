"""People, roles, notices and settings, as they are looked after.  Codes 11000-11999."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class FieldUnreadable(DomainError):
    """No key opens it, or it was moved here from another row: an operator has to look."""

    code, status, message = 11180, 503, _("数据暂时无法解密，请联系管理员")


class TooManyReveals(DomainError):
    """data: retry_after, in seconds."""

    code, status, message = 11181, 429, _("本小时查看完整信息的次数已达上限，请稍后再试")


class CannotGrant(DomainError):
    code, status, message = 11015, 403, _("不能授予自己没有的权限")


class LastSuperAdmin(DomainError):
    code, status, message = 11016, 409, _("至少要保留一位超级管理员")


class CannotChangeSelf(DomainError):
    code, status, message = 11017, 403, _("不能对自己执行此操作")


class CannotManage(DomainError):
    code, status, message = 11020, 403, _("不能操作超级管理员的账号")


class RoleUnknown(DomainError):
    """No such role, parent or permission name, or a built-in role where one of ours is needed."""

    code, status, message = 11022, 422, _("角色、上级角色或权限不存在，或该角色为内置角色")


class RoleNameTaken(DomainError):
    code, status, message = 11023, 409, _("角色代码或名称已被使用")


class RoleInUse(DomainError):
    code, status, message = 11024, 409, _("该角色为内置角色、仍有成员或下级角色，不能删除")


class MenuMalformed(DomainError):
    code, status, message = (
        11025,
        422,
        _("上级菜单不能是自身或其下级，权限须存在，链接须为后台页面名或网址"),
    )


class MenuTooDeep(DomainError):
    """data: levels, how many there may be."""

    code, status, message = 11182, 422, _("菜单最多三级，请选择更上一级的菜单")


class ParameterInvalid(DomainError):
    """data: the name of the parameter."""

    code, status, message = 11026, 422, _("参数的值无效，或与其他参数矛盾")


class DeletionBlocked(DomainError):
    """data: {"blockers": [{"code", "message", "count"}]}"""

    code, status, message = 11160, 409, _("还有未了结的事项，暂时不能注销")


class ExportTooSoon(DomainError):
    """data: retry_after, seconds, and job_id, the last one."""

    code, status, message = 11161, 429, _("每天只能导出一次自己的数据")


class NoticeMandatory(DomainError):
    """data: template and channel."""

    code, status, message = 11041, 422, _("安全与资金类通知不能关闭")


class NoticeUnknown(DomainError):
    """data: template and channel."""

    code, status, message = 11042, 422, _("没有这种通知，或它不通过该渠道发送")


class ExportInvalid(DomainError):
    """data: {filters | columns | format: why}."""

    code, status, message = 11140, 400, _("导出的筛选条件、列或格式有误")


class ReasonRequired(DomainError):
    code, status, message = 11141, 422, _("导出未脱敏的数据须填写原因")


class TooManyExports(DomainError):
    code, status, message = 11142, 409, _("您有多个导出任务正在进行，请等待完成后再试")


class ExportLinkInvalid(DomainError):
    code, status, message = 11143, 403, _("下载链接无效或已过期，请重新获取")


class UserTagNameTaken(DomainError):
    """data: name."""

    code, status, message = 11144, 409, _("用户标签名称已被使用")


class UserTagInUse(DomainError):
    """data: users, how many have it."""

    code, status, message = 11145, 409, _("仍有用户带有该标签，请先移除或合并")


class UserTagUnknown(DomainError):
    """data: tags, the ids."""

    code, status, message = 11146, 422, _("用户标签不存在，或不能合并到自身")


class RoleTooDeep(DomainError):
    code, status, message = 11200, 422, _("角色层级最多 5 层")


class OrganisationMalformed(DomainError):
    """Above itself, too deep, or beyond one's reach."""

    code, status, message = 11201, 422, _("上级机构不存在、不在您的数据范围内，或会形成循环")


class OrganisationNameTaken(DomainError):
    code, status, message = 11202, 409, _("机构名称已被使用")


class OrganisationInUse(DomainError):
    code, status, message = 11203, 409, _("该机构仍有成员或下级机构，不能删除")


class ParameterSecret(DomainError):
    """Its earlier values are kept nowhere."""

    code, status, message = 11223, 422, _("保密参数不保留旧值，不能恢复")


class CacheUnavailable(DomainError):
    code, status, message = 11224, 503, _("缓存服务器无法连接，未作任何改动")


class UnsubscribeInvalid(DomainError):
    code, status, message = 11225, 404, _("退订链接无效")


class MenuInUse(DomainError):
    code, status, message = 11210, 409, _("该菜单仍有下级菜单，不能删除")
