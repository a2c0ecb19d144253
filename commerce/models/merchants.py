from decimal import Decimal

from django.conf import settings
from django.db import models

from accounts.fields import EncryptedTextField, RowKeyField
from accounts.models import Reviewed
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions


class MerchantType(models.TextChoices):
    FLOWER_SHOP = "flower_shop", "花店"
    ACTIVITY_ORGANIZER = "activity_organizer", "活动组织者"
    FARM_OWNER = "farm_owner", "农场主"


class MerchantStatus(models.TextChoices):
    PENDING = "pending", "待审核"
    APPROVED = "approved", "已通过"
    REJECTED = "rejected", "已驳回"
    SUSPENDED = "suspended", "已暂停"


class MerchantQuerySet(LockingQuerySet):
    def visible_to(self, user):
        return self.filter(user_id=user.pk)

    def approved(self):
        return self.filter(status=MerchantStatus.APPROVED)

    def of(self, user, *roles):
        """The one `user` owns or works for; roles: as what, any when none is named."""
        working = {"members__user": user.pk} | ({"members__role__in": roles} if roles else {})
        return self.filter(pk__in=self.model._base_manager.filter(**working).values("pk")) | (
            self.filter(user_id=user.pk)
        )


class Merchant(Reviewed, TimestampedModel):
    """Somebody who sells here; one per person.

    review_note: why it was rejected or suspended, in words for its owner.  commission_percent: our
    part of what new orders bring in; an order keeps the one it was made at.  rating_sum,
    rating_count: of the reviews that are shown; rating: their shrunk mean, 0 without any.
    """

    REVEALABLE = {"contact_person": "联系人", "contact_phone": "联系电话"}

    TRANSITIONS = Transitions(
        {
            MerchantStatus.PENDING: {MerchantStatus.APPROVED, MerchantStatus.REJECTED},
            MerchantStatus.REJECTED: {MerchantStatus.PENDING},
            MerchantStatus.APPROVED: {MerchantStatus.SUSPENDED},
            MerchantStatus.SUSPENDED: {MerchantStatus.APPROVED},
        }
    )

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="merchant", verbose_name="用户"
    )
    merchant_type = models.CharField("类型", max_length=24, choices=MerchantType)
    business_name = models.CharField("商户名称", max_length=64)
    business_license = models.CharField("营业执照号", max_length=64)
    row_key = RowKeyField()
    contact_person = EncryptedTextField("联系人")
    contact_phone = EncryptedTextField("联系电话")
    address = models.CharField("地址", max_length=200)
    description = models.TextField("介绍", max_length=2000, blank=True)
    status = models.CharField(
        "状态", max_length=16, choices=MerchantStatus, default=MerchantStatus.PENDING
    )
    submitted_at = models.DateTimeField("提交时间")
    commission_percent = models.DecimalField(
        "佣金比例(%)", max_digits=10, decimal_places=2, default=0
    )
    rating_sum = models.PositiveIntegerField("评分合计", default=0)
    rating_count = models.PositiveIntegerField("评价数", default=0)
    rating = models.DecimalField("评分", max_digits=3, decimal_places=2, default=0)

    objects = MerchantQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "商户"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["status", "submitted_at"], name="merchant_queue"),
            models.Index(fields=["status", "rating"], name="merchant_by_rating"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(commission_percent__gte=0, commission_percent__lte=100),
                name="merchant_commission_is_a_share",
            )
        ]
        permissions = [
            ("review_merchant", "审核商户"), ("reveal_merchant", "查看商户联系人"),
            ("commission_merchant", "设置商户佣金"),
        ]  # fmt: skip

    def __str__(self):
        return self.business_name

    @property
    def shown_rating(self) -> Decimal | None:
        return self.rating if self.rating_count else None


class ApplicationStatus(models.TextChoices):
    PENDING = "pending", "待联系"
    ACCEPTED = "accepted", "已接受"
    DECLINED = "declined", "已谢绝"


class MerchantApplication(TimestampedModel):
    """A wish to sell here, left on the website by somebody without an account.

    network: where it came from, as accounts.services.limits counts it.
    """

    REVEALABLE = {"contact_person": "联系人", "contact_phone": "联系电话", "email": "邮箱"}

    TRANSITIONS = Transitions(
        {ApplicationStatus.PENDING: {ApplicationStatus.ACCEPTED, ApplicationStatus.DECLINED}}
    )

    business_name = models.CharField("商户名称", max_length=64)
    row_key = RowKeyField()
    contact_person = EncryptedTextField("联系人")
    contact_phone = EncryptedTextField("联系电话")
    email = EncryptedTextField("邮箱")
    description = models.TextField("说明", max_length=2000, blank=True)
    status = models.CharField(
        "状态", max_length=16, choices=ApplicationStatus, default=ApplicationStatus.PENDING
    )
    network = models.CharField("来源", max_length=64)
    handled_at = models.DateTimeField("处理时间", null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="处理人",
    )  # fmt: skip
    remark = models.CharField("处理说明", max_length=200, blank=True)

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "入驻申请"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["status", "created_at"], name="application_queue"),
            models.Index(fields=["network", "created_at"], name="application_network"),
        ]
        permissions = [
            ("handle_merchantapplication", "处理入驻申请"),
            ("reveal_merchantapplication", "查看申请人联系方式"),
        ]

    def __str__(self):
        return self.business_name
