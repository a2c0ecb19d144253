"""Refusals about appointments that stand."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class TooLateToCancel(DomainError):
    """The session has begun."""

    code, status, message = 12011, 409, _("咨询已开始，不能取消")


class NotStartedYet(DomainError):
    code, status, message = 12012, 409, _("咨询尚未开始")


class TooLateToReschedule(DomainError):
    """data: until when it was possible."""

    code, status, message = 12140, 409, _("已过可改期的时间")


class TooManyReschedules(DomainError):
    """data: how many times a client may move one appointment."""

    code, status, message = 12141, 409, _("改期次数已用完")


class SlotOfAnotherCounselor(DomainError):
    code, status, message = 12142, 422, _("只能改到同一位咨询师的时段")


class SameSlot(DomainError):
    code, status, message = 12143, 422, _("预约已在该时段")


class AlreadyDisputed(DomainError):
    code, status, message = 12144, 409, _("该预约已提交过争议")


class DisputeClosed(DomainError):
    """data: until when it was possible."""

    code, status, message = 12145, 409, _("已过可提出争议的时间")


class AnswerTooLate(DomainError):
    """data: until when it was possible."""

    code, status, message = 12146, 409, _("已过说明的截止时间")


class DecisionTooEarly(DomainError):
    """The counselor may still answer; data: until when."""

    code, status, message = 12147, 409, _("请等待咨询师说明或说明期限结束后再裁定")


class DecisionNeedsReason(DomainError):
    code, status, message = 12148, 422, _("请填写裁定说明")
