"""Refusals about those an appointment is for."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class GuardianNameNeeded(DomainError):
    code, status, message = 12018, 422, _("请填写监护人姓名")
