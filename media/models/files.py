from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.module_loading import import_string

from accounts.scope import scoped
from config.db import ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions

EXTENSIONS = {"image/webp": "webp"}


class Purpose(models.TextChoices):
    AVATAR = "avatar", "头像"
    IMAGE = "image", "图片"
    PRODUCT = "product", "商品图片"
    ANIMAL = "animal", "动物照片"
    QUALIFICATION = "qualification", "资质文件"
    REVIEW = "review", "评价图片"
    PROOF = "proof", "收付款凭证"
    EVIDENCE = "evidence", "争议证据"


# Who may look at private files of a purpose, besides those who manage files.
READERS = {
    Purpose.QUALIFICATION: "counseling.view_qualification",
    Purpose.REVIEW: "commerce.view_merchantreview",
    Purpose.PROOF: "commerce.view_payment",
}


# What staff handed in for the business: it outlives their account, and who may read it is no matter
# of whose it is.
OF_THE_BUSINESS = (Purpose.PROOF,)
# What those who manage files have no part in.
CONFIDENTIAL = (*OF_THE_BUSINESS, Purpose.EVIDENCE)


class Visibility(models.TextChoices):
    PUBLIC = "public", "公开"
    OWNER = "owner", "仅本人"


class FileStatus(models.TextChoices):
    UPLOADING = "uploading", "上传中"
    READY = "ready", "可用"
    DELETED = "deleted", "已删除"


class Variant(models.TextChoices):
    MAIN = "main", "原图"
    THUMB = "thumb", "缩略图"


class FileQuerySet(LockingQuerySet):
    def ready(self):
        return self.filter(status=FileStatus.READY)

    def visible_to(self, user):
        """One's own; those of others are the back office's affair."""
        return self.ready().filter(owner=user).exclude(purpose__in=OF_THE_BUSINESS)

    def readable_by(self, user):
        """What a link of `user` may still open."""
        known = self.ready().exclude(purpose__in=CONFIDENTIAL)
        found = scoped(known, user, "media.view_file")
        for purpose, permission in READERS.items():
            found |= scoped(self.ready().filter(purpose=purpose), user, permission)
        for purpose, shared in settings.SHARED_FILES.items():
            files = import_string(shared)(user)
            found |= self.ready().filter(purpose=purpose, pk__in=files)
        return found | self.visible_to(user)


class File(TimestampedModel):
    """One upload, as it is stored: an image encoded anew, and its thumbnail.

    The row is there before the first byte is stored and stays until the last one is removed, so
    whatever lies in the storage has a row (invariants F-6).
    key: random, the only part of the name in the storage; original_name is only ever shown.
    sha256, size, width, height: of the main variant.
    """

    TRANSITIONS = Transitions(
        {
            FileStatus.UPLOADING: {FileStatus.READY, FileStatus.DELETED},
            FileStatus.READY: {FileStatus.DELETED},
        }
    )

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="files", verbose_name="所有者"
    )
    purpose = models.CharField("用途", max_length=16, choices=Purpose)
    visibility = models.CharField("可见范围", max_length=16, choices=Visibility)
    status = models.CharField(
        "状态", max_length=16, choices=FileStatus, default=FileStatus.UPLOADING
    )
    key = ExactCharField("存储名", max_length=32, unique=True, editable=False)
    sha256 = ExactCharField("SHA-256", max_length=64, editable=False)
    original_name = models.CharField("原文件名", max_length=200, blank=True)
    content_type = models.CharField("类型", max_length=64)
    size = models.PositiveBigIntegerField("字节数")
    thumb_size = models.PositiveBigIntegerField("缩略图字节数")
    width = models.PositiveIntegerField("宽(像素)")
    height = models.PositiveIntegerField("高(像素)")

    objects = FileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "文件"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["owner", "status", "purpose"], name="file_owner_status"),
            models.Index(fields=["status", "created_at"], name="file_status_created"),
        ]

    def __str__(self):
        return self.original_name or self.key

    @property
    def stored_bytes(self) -> int:
        return self.size + self.thumb_size

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.content_type]

    def path(self, variant: str) -> str:
        """Where a variant lies in the storage."""
        return f"{self.key[:2]}/{self.key}-{variant}.{self.extension}"

    def size_of(self, variant: str) -> int:
        return self.thumb_size if variant == Variant.THUMB else self.size


class FileUsage(models.Model):
    """How many bytes of one person are stored or about to be."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="file_usage", verbose_name="用户"
    )
    used_bytes = models.BigIntegerField("已用字节", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "文件用量"
        constraints = [
            models.CheckConstraint(condition=Q(used_bytes__gte=0), name="usage_not_negative")
        ]

    def __str__(self):
        return f"{self.used_bytes}"
