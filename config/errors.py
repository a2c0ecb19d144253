"""What the business refuses, as exceptions; the API layer turns them into {code, message, data}.

No Django REST framework here: services, tasks and the admin raise and catch these too.
"""

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """One refusal.  Subclass it per case in <app>/errors.py.

    code: unique in the whole project, app number * 1000 + n (tests/architecture checks it).
    status: the HTTP status the API answers with.
    message: shown to the end user: Chinese, with an English line in config/locale.
    data: what a client needs to go on (the current price, a time): what the renderer can write.
    """

    code = 10400
    status = 400
    message = _("请求无法完成")

    def __init__(self, message: str = "", **data):
        super().__init__(message or self.message)
        self.data = data

    def __str__(self):
        return str(self.args[0])


class Forbidden(DomainError):
    code, status, message = 10403, 403, _("没有权限执行此操作")


class NotFound(DomainError):
    code, status, message = 10404, 404, _("内容不存在")


class IllegalTransition(DomainError):
    code, status, message = 10409, 409, _("当前状态不允许此操作")


class StaleState(DomainError):
    code, status, message = 10410, 409, _("数据已被他人更新，请刷新后重试")


class Busy(DomainError):
    """The row is locked for too long, or deadlocks did not end: the client may simply try again."""

    code, status, message = 10411, 409, _("操作过于繁忙，请稍后重试")


class ReasonNeeded(DomainError):
    """Whoever sends back, calls off or opens something sealed says why."""

    code, status, message = 10422, 422, _("请填写原因")


class ServiceUnavailable(DomainError):
    """Somebody we depend on does not answer; nothing was done."""

    code, status, message = 10503, 503, _("服务暂时不可用，请稍后重试")
