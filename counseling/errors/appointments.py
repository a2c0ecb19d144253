"""Refusals about appointments that stand."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class TooLateToCancel(DomainError):
    """The session has begun."""

    code, status, message = 12011, 409, _("咨询已开始，不能取消")


class NotStartedYet(DomainError):
    code, status, message = 12012, 409, _("咨询尚未开始")
