"""Refusals about those an appointment is for."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class GuardianNameNeeded(DomainError):
    code, status, message = 12018, 422, _("请填写监护人姓名")


class GuardianContactNeeded(DomainError):
    code, status, message = 12190, 422, _("未满 14 周岁的来访者须填写监护人的联系电话")


class DuplicateSelfProfile(DomainError):
    code, status, message = 12191, 409, _("本人的来访者档案已存在")
