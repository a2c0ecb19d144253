"""Refusals about counselors and what they offer."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class CounselorIncomplete(DomainError):
    """data: what is missing."""

    code, status, message = 12016, 422, _("资料不完整，暂不能上架")


class SpecialtyUnknown(DomainError):
    code, status, message = 12017, 422, _("擅长方向不存在")
