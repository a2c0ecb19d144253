from django.db import models

from config.db import LockingQuerySet, TimestampedModel


class TaxonomyQuerySet(LockingQuerySet):
    def active(self):
        return self.filter(is_active=True)


class Category(TimestampedModel):
    """One node of the category tree, at most MAX_DEPTH deep."""

    MAX_DEPTH = 4

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children",
        verbose_name="上级分类",
    )  # fmt: skip
    name = models.CharField("名称", max_length=32)
    slug = models.SlugField("标识", max_length=32, unique=True)
    icon = models.CharField("图标", max_length=64, blank=True)
    sort_order = models.PositiveIntegerField("排序", default=0)
    is_active = models.BooleanField("启用", default=True)

    objects = TaxonomyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "分类"
        ordering = ["sort_order", "pk"]

    def __str__(self):
        return self.name


class DiseaseTag(TimestampedModel):
    """What a counselor helps with and a client looks for: 焦虑, 抑郁, 亲密关系 …"""

    name = models.CharField("名称", max_length=32, unique=True)
    description = models.CharField("说明", max_length=200, blank=True)
    sort_order = models.PositiveIntegerField("排序", default=0)
    is_active = models.BooleanField("启用", default=True)

    objects = TaxonomyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "困扰标签"
        ordering = ["sort_order", "pk"]

    def __str__(self):
        return self.name
