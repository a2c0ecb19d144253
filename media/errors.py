"""What media refuses.  Codes 19000-19999."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class FileTypeNotAllowed(DomainError):
    """By its content, whatever its name says.  data: the types that are allowed."""

    code, status, message = 19001, 415, _("不支持的文件类型")


class FileTooLarge(DomainError):
    """data: how many bytes a file for this purpose may have."""

    code, status, message = 19002, 413, _("文件过大")


class ImageBroken(DomainError):
    code, status, message = 19003, 422, _("图片已损坏，无法识别")


class ImageTooLarge(DomainError):
    """data: how many pixels an image may have."""

    code, status, message = 19004, 422, _("图片尺寸过大")


class QuotaExceeded(DomainError):
    """data: bytes one person may store."""

    code, status, message = 19005, 409, _("存储空间不足，请先删除不需要的文件")


class FileInUse(DomainError):
    code, status, message = 19006, 409, _("文件正在使用中，不能删除")


class LinkInvalid(DomainError):
    """Forged, expired, somebody else's, or its file is gone: one refusal for all."""

    code, status, message = 19007, 403, _("链接无效或已过期，请重新获取")
