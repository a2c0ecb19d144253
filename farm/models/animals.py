from django.db import models
from django.db.models import Q

from accounts.models import Reviewed
from accounts.scope import scoped
from commerce.models import Merchant, MerchantStatus
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions


class AnimalStatus(models.TextChoices):
    AVAILABLE = "available", "可认领"
    CLAIMED = "claimed", "已认领"
    UNAVAILABLE = "unavailable", "暂不可认领"


class Listing(models.TextChoices):
    DRAFT = "draft", "草稿"
    REVIEWING = "reviewing", "审核中"
    PUBLISHED = "published", "已上架"
    REJECTED = "rejected", "已驳回"
    HIDDEN = "hidden", "已下架"


class AnimalQuerySet(LockingQuerySet):
    def public(self):
        """What everybody sees: those of suspended merchants vanish."""
        return self.filter(listing=Listing.PUBLISHED, merchant__status=MerchantStatus.APPROVED)

    def visible_to(self, user):
        """A farm's own; for staff, as far as their role reaches."""
        own = Q(merchant__user_id=user.pk)
        return scoped(self, user, "farm.view_animal", besides=own)


class Animal(Reviewed, TimestampedModel):
    """An animal of a farm that people can claim for a time.

    status: what its claims and its merchant's wish make of it (C-3): claimed while a claim is
    active, unavailable while one waits for its money or the merchant does not offer it; only
    services.availability writes it.  listing: whether everybody sees it; the first time staff
    decide.  term_months: how long a claim runs; 0 is the parameter CLAIM_MONTHS.
    lost_at: since when the animal is dead or gone.
    """

    STATE = "listing"
    TRANSITIONS = Transitions(
        {
            Listing.DRAFT: {Listing.REVIEWING},
            Listing.REVIEWING: {Listing.PUBLISHED, Listing.REJECTED},
            Listing.REJECTED: {Listing.REVIEWING},
            Listing.PUBLISHED: {Listing.HIDDEN},
            Listing.HIDDEN: {Listing.PUBLISHED},
        }
    )

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="animals", verbose_name="商户"
    )
    name = models.CharField("名字", max_length=32)
    species = models.CharField("物种", max_length=32)
    breed = models.CharField("品种", max_length=32, blank=True)
    birth_date = models.DateField("出生日期", null=True, blank=True)
    personality = models.TextField("性格", max_length=1000, blank=True)
    farm_location = models.CharField("农场位置", max_length=200, blank=True)
    price = models.DecimalField("价格(元)", max_digits=10, decimal_places=2)
    term_months = models.PositiveSmallIntegerField("认领期限(月)", default=0)
    status = models.CharField(
        "状态", max_length=16, choices=AnimalStatus, default=AnimalStatus.AVAILABLE
    )
    is_offered = models.BooleanField("开放认领", default=True)
    listing = models.CharField("上架状态", max_length=16, choices=Listing, default=Listing.DRAFT)
    lost_at = models.DateTimeField("离世或走失时间", null=True, blank=True)

    objects = AnimalQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "动物"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["listing", "species", "price"], name="animal_listed"),
            models.Index(fields=["listing", "submitted_at"], name="animal_queue"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="animal_price_not_negative")
        ]
        permissions = [("review_animal", "审核动物")]

    def __str__(self):
        return self.name


class AnimalPhoto(models.Model):
    """A picture of an animal, an upload of its farm's; the first is its portrait."""

    animal = models.ForeignKey(Animal, models.CASCADE, related_name="photos", verbose_name="动物")
    file = models.ForeignKey(
        "media.File", models.CASCADE, related_name="animal_photos", verbose_name="文件"
    )
    position = models.PositiveSmallIntegerField("顺序")

    class Meta:
        verbose_name = verbose_name_plural = "动物照片"
        ordering = ["animal", "position"]
        constraints = [
            models.UniqueConstraint(fields=["animal", "position"], name="animalphoto_place"),
            models.UniqueConstraint(fields=["animal", "file"], name="animalphoto_once"),
        ]

    def __str__(self):
        return f"{self.animal} {self.position}"


class HealthKind(models.TextChoices):
    VACCINATION = "vaccination", "疫苗"
    CHECKUP = "checkup", "体检"
    TREATMENT = "treatment", "治疗"
    OTHER = "other", "其他"


class HealthRecord(models.Model):
    """What happened to an animal's health, and when."""

    animal = models.ForeignKey(
        Animal, models.CASCADE, related_name="health_records", verbose_name="动物"
    )
    kind = models.CharField("类型", max_length=16, choices=HealthKind)
    happened_on = models.DateField("日期")
    note = models.CharField("说明", max_length=500)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "健康记录"
        ordering = ["-happened_on", "-pk"]

    def __str__(self):
        return f"{self.get_kind_display()} {self.happened_on}"
