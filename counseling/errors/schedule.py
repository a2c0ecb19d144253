"""Refusals about a counselor's time."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class SlotOverlap(DomainError):
    """data: start_at of the slot that clashes."""

    code, status, message = 12013, 409, _("与该咨询师的其他时段重叠")


class SlotInUse(DomainError):
    """data: the slot's status."""

    code, status, message = 12014, 409, _("该时段已有预约")


class SlotTimeInvalid(DomainError):
    """In the past, or its end is not after its start."""

    code, status, message = 12015, 422, _("时段时间无效")


class ScheduleRuleInvalid(DomainError):
    """data: what is wrong, by field."""

    code, status, message = 12120, 422, _("排班规则无效")


class TooManyScheduleRules(DomainError):
    """data: at_most, how many a counselor may have."""

    code, status, message = 12121, 409, _("排班规则过多，请先删除不再使用的")


class SlotConflicts(DomainError):
    """data: conflicts, one for each slot of a batch that cannot be, and why; nothing was done."""

    code, status, message = 12122, 409, _("部分时段有冲突，未作任何更改")


class LoadReached(DomainError):
    """data: reason, day or week; at_most."""

    code, status, message = 12123, 409, _("咨询师该日或该周的预约已满")


class HolidayFileInvalid(DomainError):
    """data: line, where it is wrong."""

    code, status, message = 12124, 422, _("节假日文件格式不正确")
