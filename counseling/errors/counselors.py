"""Refusals about counselors and what they offer."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class CounselorIncomplete(DomainError):
    """data: what is missing."""

    code, status, message = 12016, 422, _("资料不完整，暂不能上架")


class SpecialtyUnknown(DomainError):
    code, status, message = 12017, 422, _("擅长方向不存在")


class ApplicationIncomplete(DomainError):
    """data: what is missing."""

    code, status, message = 12100, 422, _("申请资料不完整，暂不能提交")


class ApplicationUnderReview(DomainError):
    code, status, message = 12101, 409, _("申请正在审核中，撤回后才能修改")


class AlreadyCounselor(DomainError):
    code, status, message = 12102, 409, _("您已经是咨询师")


class QualificationApproved(DomainError):
    code, status, message = 12103, 409, _("已通过审核的资质不能修改，请提交新的证书")


class QualificationExpired(DomainError):
    """Its last day is over, or not after the first."""

    code, status, message = 12104, 422, _("证书的有效期有误或已过期")


class TooManyQualifications(DomainError):
    """data: how many one person may have."""

    code, status, message = 12105, 409, _("资质数量已达上限")


class LocationUnknown(DomainError):
    code, status, message = 12106, 422, _("咨询室不存在")


class LocationNeeded(DomainError):
    code, status, message = 12107, 422, _("面对面服务需要选择咨询室")


class LocationInUse(DomainError):
    code, status, message = 12108, 409, _("仍有服务使用该咨询室")


class ServiceExists(DomainError):
    code, status, message = 12109, 409, _("已有相同类型、方式和时长的服务")


class LastService(DomainError):
    code, status, message = 12110, 409, _("上架期间至少保留一项服务")
