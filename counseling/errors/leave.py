"""Refusals about leave and the appointments it hits.  Codes 12160-12179."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class LeaveTimeInvalid(DomainError):
    """It is over already, ends before it begins, or is longer than a year."""

    code, status, message = 12160, 422, _("休假时间无效")


class LeaveOverlap(DomainError):
    """data: leave_id of the request that clashes."""

    code, status, message = 12161, 409, _("该时间已有休假申请")


class OwnLeave(DomainError):
    code, status, message = 12162, 403, _("不能审批自己的休假")


class CounselorOnLeave(DomainError):
    """data: start_at of the slot."""

    code, status, message = 12163, 409, _("咨询师在该时间休假")


class SlotNotOfferable(DomainError):
    """data: slot_ids that are taken, too soon, too short, or not theirs to offer."""

    code, status, message = 12164, 422, _("所选时段不能提供给来访者")


class SlotNotOffered(DomainError):
    code, status, message = 12165, 422, _("该时段不在可改约的时段中")


class HandlingOver(DomainError):
    """data: deadline_at, after which the appointment is cancelled with full refund."""

    code, status, message = 12166, 409, _("已过处理时限，预约将取消并全额退款")
