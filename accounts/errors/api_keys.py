"""What keys of third parties are refused with, and what no key can have.  Codes 11110-11119."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class ApiKeyInvalid(DomainError):
    """Unknown, altered, expired, revoked, or its owner was disabled: one refusal."""

    code, status, message = 11110, 401, _("API 密钥无效、已过期或已吊销")


class TwoIdentities(DomainError):
    code, status, message = 11111, 400, _("API 密钥与登录令牌不能同时使用")


class ScopeMissing(DomainError):
    """data: the scope, null where no key may go."""

    code, status, message = 11112, 403, _("此 API 密钥无权调用该接口")


class ForeignAddress(DomainError):
    code, status, message = 11113, 403, _("当前 IP 地址不在此 API 密钥的允许范围内")


class ApiKeyMalformed(DomainError):
    """data: {field: [why, ...]}"""

    code, status, message = 11114, 422, _("API 密钥的设置有误")


class TooManyApiKeys(DomainError):
    code, status, message = 11115, 409, _("该用户的有效 API 密钥已达上限，请先吊销不用的")
