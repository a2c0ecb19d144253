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
