from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.scope import scoped
from config.db import LockingQuerySet
from farm.models.animals import Animal
from farm.models.claims import AnimalClaim, ClaimStatus


class UpdateType(models.TextChoices):
    PHOTO = "photo", "照片"
    VIDEO = "video", "视频"
    HEALTH = "health", "健康"
    DIARY = "diary", "日记"


class UpdateVisibility(models.TextChoices):
    PUBLIC = "public", "公开"
    CLAIMANTS = "claimants", "仅认领人"


class AnimalUpdateQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """Public ones, and all of an animal that is one's own, claimed by one now, or staff's."""
        public = Q(visibility=UpdateVisibility.PUBLIC)
        if not user.is_authenticated:
            return self.filter(public)
        mine = AnimalClaim.objects.filter(
            animal=OuterRef("animal"), user_id=user.pk, status=ClaimStatus.ACTIVE
        ).order_by()
        besides = public | Q(animal__merchant__user_id=user.pk) | Q(Exists(mine))
        return scoped(self, user, "farm.view_animalupdate", besides=besides)


class AnimalUpdate(models.Model):
    """News of an animal for those who follow it.  visibility: everybody, or who claims it now."""

    animal = models.ForeignKey(Animal, models.CASCADE, related_name="updates", verbose_name="动物")
    update_type = models.CharField("类型", max_length=16, choices=UpdateType)
    content = models.TextField("内容", max_length=2000)
    media_url = models.URLField("媒体地址", max_length=500, blank=True)
    visibility = models.CharField(
        "可见范围", max_length=16, choices=UpdateVisibility, default=UpdateVisibility.PUBLIC
    )
    created_at = models.DateTimeField("发布时间", auto_now_add=True)

    objects = AnimalUpdateQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "动物动态"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["animal", "created_at"], name="animalupdate_feed")]

    def __str__(self):
        return self.content[:20]
