"""Refusals about the notes of sessions."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class NoteNotPossible(DomainError):
    """data: the appointment's status."""

    code, status, message = 12185, 409, _("该预约没有进行，不能写咨询记录")


class NoteLocked(DomainError):
    """data: locks_at."""

    code, status, message = 12186, 409, _("该记录已锁定，请另写一条补充记录")


class NoteAccessNeedsAnother(DomainError):
    """Whoever asked, and both sides of the session."""

    code, status, message = 12187, 403, _("须由另一位无关的同事批准")


class NoteAccessOwnSession(DomainError):
    code, status, message = 12188, 403, _("不能申请查阅自己参与的咨询的记录")


class NoteAccessNotOpen(DomainError):
    """Not approved, over, or ended."""

    code, status, message = 12189, 403, _("查阅未获批准或已到期")
