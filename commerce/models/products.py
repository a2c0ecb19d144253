from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Reviewed
from commerce.models.merchants import Merchant, MerchantStatus
from commerce.models.orders import OrderItem
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions


class ProductStatus(models.TextChoices):
    DRAFT = "draft", "草稿"
    REVIEWING = "reviewing", "审核中"
    ON_SALE = "on_sale", "在售"
    OFF_SALE = "off_sale", "已下架"
    REJECTED = "rejected", "已驳回"


class ProductQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """Those of the merchant `user` works for; what others see is on_sale()."""
        return self.filter(archived_at=None, merchant__in=Merchant.objects.of(user))

    def on_sale(self):
        """What everybody may buy right now: a suspended merchant's goods are gone at once."""
        return self.filter(
            status=ProductStatus.ON_SALE,
            archived_at=None,
            merchant__status=MerchantStatus.APPROVED,
        )


class Product(Reviewed, TimestampedModel):
    """Something a merchant sells by the piece.

    stock: what can be bought; held: in orders that wait for their money; sold: paid for and not
    given back.  They change by services.stock alone, with a StockMovement each; `total` is what
    the merchant put in, and the database keeps the sum.  max_per_order: 0 for no limit.
    needs_address: it is sent; otherwise the buyer fetches it.  archived_at: its merchant deleted
    it, but orders have it.
    """

    TRANSITIONS = Transitions(
        {
            ProductStatus.DRAFT: {ProductStatus.REVIEWING},
            ProductStatus.REVIEWING: {
                ProductStatus.ON_SALE, ProductStatus.REJECTED, ProductStatus.DRAFT,
            },
            ProductStatus.REJECTED: {ProductStatus.REVIEWING},
            ProductStatus.ON_SALE: {ProductStatus.OFF_SALE, ProductStatus.REJECTED},
            ProductStatus.OFF_SALE: {ProductStatus.ON_SALE, ProductStatus.REJECTED},
        }
    )  # fmt: skip

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="products", verbose_name="商户"
    )
    name = models.CharField("名称", max_length=64)
    description = models.TextField("介绍", max_length=5000, blank=True)
    price = models.DecimalField("价格(元)", max_digits=10, decimal_places=2)
    image_url = models.CharField("主图", max_length=500, blank=True)
    category = models.CharField("分类", max_length=32, blank=True)
    status = models.CharField(
        "状态", max_length=16, choices=ProductStatus, default=ProductStatus.DRAFT
    )
    stock = models.IntegerField("可售库存", default=0)
    held = models.IntegerField("待支付占用", default=0)
    sold = models.IntegerField("已售", default=0)
    total = models.IntegerField("累计入库", default=0)
    max_per_order = models.PositiveIntegerField("每单限购", default=0)
    needs_address = models.BooleanField("需要配送", default=True)
    archived_at = models.DateTimeField("归档时间", null=True, blank=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "商品"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["status", "category"], name="product_on_sale"),
            models.Index(fields=["status", "price"], name="product_by_price"),
            models.Index(fields=["status", "submitted_at"], name="product_queue"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(price__gt=0), name="product_price_positive"),
            models.CheckConstraint(
                condition=Q(stock__gte=0, held__gte=0, sold__gte=0),
                name="product_stock_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(total=F("stock") + F("held") + F("sold")),
                name="product_stock_conserved",
            ),
        ]
        permissions = [("review_product", "审核商品")]

    def __str__(self):
        return self.name


class ProductImage(models.Model):
    """A picture of a product, an upload of its merchant's; the first is the cover."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="images", verbose_name="商品")
    file = models.ForeignKey(
        "media.File", models.CASCADE, related_name="product_images", verbose_name="文件"
    )
    position = models.PositiveSmallIntegerField("顺序")

    class Meta:
        verbose_name = verbose_name_plural = "商品图片"
        ordering = ["product", "position"]
        constraints = [
            models.UniqueConstraint(fields=["product", "position"], name="productimage_place"),
            models.UniqueConstraint(fields=["product", "file"], name="productimage_once"),
        ]

    def __str__(self):
        return f"{self.product} {self.position}"


class Movement(models.TextChoices):
    RESERVE = "reserve", "下单占用"
    RELEASE = "release", "释放"
    SELL = "sell", "售出"
    RETURN = "return", "退回"
    ADJUST = "adjust", "调整"


class StockMovement(models.Model):
    """Why stock changed: written with the change, never afterwards changed.

    One of each kind per order item, so nothing is released or sold twice (invariants K-4).
    quantity: positive, but for adjustments, which may take away.
    """

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="movements", verbose_name="商品"
    )
    order_item = models.ForeignKey(
        OrderItem, models.PROTECT, null=True, blank=True, related_name="stock_movements",
        verbose_name="订单项",
    )  # fmt: skip
    movement = models.CharField("类型", max_length=16, choices=Movement)
    quantity = models.IntegerField("数量")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="操作人",
    )  # fmt: skip
    note = models.CharField("说明", max_length=200, blank=True)
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "库存记录"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["order_item", "movement"], name="stock_movement_once")
        ]

    def __str__(self):
        return f"{self.get_movement_display()} {self.quantity}"
