"""What counseling refuses.  Codes 12000-12999."""

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


class TooLateToCancel(DomainError):
    """The session has begun."""

    code, status, message = 12011, 409, _("咨询已开始，不能取消")


class NotStartedYet(DomainError):
    code, status, message = 12012, 409, _("咨询尚未开始")


class SlotOverlap(DomainError):
    """data: start_at of the slot that clashes."""

    code, status, message = 12013, 409, _("与该咨询师的其他时段重叠")


class SlotInUse(DomainError):
    """data: the slot's status."""

    code, status, message = 12014, 409, _("该时段已有预约")


class SlotTimeInvalid(DomainError):
    """In the past, or its end is not after its start."""

    code, status, message = 12015, 422, _("时段时间无效")


class CounselorIncomplete(DomainError):
    """data: what is missing."""

    code, status, message = 12016, 422, _("资料不完整，暂不能上架")


class SpecialtyUnknown(DomainError):
    code, status, message = 12017, 422, _("擅长方向不存在")


class GuardianNameNeeded(DomainError):
    code, status, message = 12018, 422, _("请填写监护人姓名")
