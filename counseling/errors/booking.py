"""Refusals of booking."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class SlotTaken(DomainError):
    code, status, message = 12001, 409, _("该时段已被预约")


class SlotNotBookable(DomainError):
    """data: reason, one of closed, past, too_soon, too_far, counselor."""

    code, status, message = 12002, 409, _("该时段暂不可预约")


class SlotUnknown(DomainError):
    code, status, message = 12003, 404, _("时段不存在")


class ServiceNotOffered(DomainError):
    """Unknown, switched off, or another counselor's."""

    code, status, message = 12004, 422, _("咨询师未提供该服务")


class ServiceTooLong(DomainError):
    """data: minutes of the service and of the slot."""

    code, status, message = 12005, 422, _("该时段不足以完成所选服务")


class ClientProfileUnknown(DomainError):
    code, status, message = 12006, 422, _("来访者不存在")


class GuardianConsentNeeded(DomainError):
    code, status, message = 12007, 422, _("未满 18 周岁的来访者需要监护人同意后才能预约")


class TooManyHolds(DomainError):
    """data: how many unpaid appointments one person may have."""

    code, status, message = 12008, 409, _("待支付的预约过多，请先支付或取消")


class OverlappingAppointment(DomainError):
    code, status, message = 12009, 409, _("您在该时间已有其他预约")


class OwnSlot(DomainError):
    code, status, message = 12010, 422, _("不能预约自己的时段")
