"""Refusals about what clients say of sessions."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class NotReviewable(DomainError):
    """data: the appointment's status."""

    code, status, message = 12180, 409, _("咨询完成后才能评价")


class AlreadyReviewed(DomainError):
    code, status, message = 12181, 409, _("该预约已评价")


class ReviewClosed(DomainError):
    """data: reason, one of too_late, replied, hidden."""

    code, status, message = 12182, 409, _("该评价已不能修改")
