from django.contrib.auth.models import Group
from django.db import models


class DataScope(models.TextChoices):
    ALL = "all", "全部数据"
    ORGANISATION = "organisation", "本机构数据"
    OWN = "own", "本人数据"


class Role(models.Model):
    """What Django's group lacks; everything here is written by services.roles.

    permission_names: the names of accounts.rbac.PERMISSIONS this role itself grants; a child has
    its parent's besides.  The group's Django permissions follow from both.
    """

    group = models.OneToOneField(Group, models.CASCADE, related_name="role", verbose_name="用户组")
    code = models.SlugField("代码", max_length=32, unique=True)
    description = models.CharField("说明", max_length=200, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children",
        verbose_name="上级角色",
    )  # fmt: skip
    data_scope = models.CharField(
        "数据范围", max_length=16, choices=DataScope, default=DataScope.OWN
    )
    staff = models.BooleanField("可进入后台", default=True)
    permission_names = models.JSONField("权限", default=list, blank=True)
    built_in = models.BooleanField("内置", default=False, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "角色"
        ordering = ["pk"]

    def __str__(self):
        return self.group.name


class Menu(models.Model):
    """One entry of the back office's sidebar and of /menu/mine."""

    class Kind(models.TextChoices):
        DIRECTORY = "directory", "目录"
        PAGE = "page", "页面"
        BUTTON = "button", "按钮"

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children",
        verbose_name="上级菜单",
    )  # fmt: skip
    kind = models.CharField("类型", max_length=16, choices=Kind, default=Kind.PAGE)
    title = models.CharField("名称", max_length=32)
    icon = models.CharField("图标", max_length=32, blank=True)
    link = models.CharField(
        "链接",
        max_length=200,
        blank=True,
        help_text="后台页面名(如 admin:accounts_user_changelist)或网址",
    )
    permission = models.CharField("所需权限", max_length=100, blank=True)
    sort_order = models.PositiveIntegerField("排序", default=0)
    visible = models.BooleanField("显示", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "菜单"
        ordering = ["sort_order", "pk"]

    def __str__(self):
        return self.title
