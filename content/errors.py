"""What content refuses.  Codes 15000-15999."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class TaxonomyInUse(DomainError):
    """data: what still uses it, {model label: rows}."""

    code, status, message = 15001, 409, _("仍在使用中，不能删除")


class CategoryHasChildren(DomainError):
    code, status, message = 15002, 409, _("请先移走或删除下级分类")


class CategoryCycle(DomainError):
    code, status, message = 15003, 422, _("上级分类不能是自己或自己的下级")


class CategoryTooDeep(DomainError):
    """data: how deep the tree may be."""

    code, status, message = 15004, 422, _("分类层级过深")


class CategoryUnknown(DomainError):
    code, status, message = 15005, 422, _("上级分类不存在")


class SlugTaken(DomainError):
    code, status, message = 15006, 409, _("标识已被使用")


class TagNameTaken(DomainError):
    code, status, message = 15007, 409, _("标签名称已被使用")


class CannotMergeIntoItself(DomainError):
    code, status, message = 15008, 422, _("不能合并到自身")


class TagUnknown(DomainError):
    code, status, message = 15009, 422, _("标签不存在")
