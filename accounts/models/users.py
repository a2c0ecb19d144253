from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    Permission,
    PermissionsMixin,
)
from django.core.validators import validate_email
from django.db import models
from django.utils.crypto import salted_hmac

from accounts.errors import FieldUnreadable
from accounts.fields import EncryptedTextField, RowKeyField, blind_index_column
from accounts.models.organisations import Organisation
from accounts.scope import scoped
from config.db import ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions


class Gender(models.TextChoices):
    MALE = "male", "男"
    FEMALE = "female", "女"
    OTHER = "other", "其他"


class UserStatus(models.TextChoices):
    ACTIVE = "active", "正常"
    DISABLED = "disabled", "已停用"
    DELETED = "deleted", "已注销"


class UserQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """Whom staff administer, as far as their role reaches; oneself is at /user/profile."""
        return scoped(self, user, "accounts.view_user")

    def holding(self, permission: str):
        """Who is active and has it by a role; super users, who have everything, are left out."""
        app, codename = permission.split(".")
        granting = Permission.objects.filter(content_type__app_label=app, codename=codename)
        return self.filter(
            status=UserStatus.ACTIVE, groups__permissions__in=granting, is_superuser=False
        ).distinct()

    def by_phone(self, phone: str) -> "User | None":
        """Whose number this is; the one way to let somebody in by it.

        The index finds the row; that its ciphertext says the same shows that nobody moved it
        there.  Raises FieldUnreadable otherwise.
        """
        return self._by("phone", phone)

    def by_email(self, email: str) -> "User | None":
        return self._by("email", email.lower())

    def _by(self, name: str, value: str) -> "User | None":
        user = self.filter(**{name: value}).first()
        if user is not None and getattr(user, name) != value:
            raise FieldUnreadable
        return user


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    def get_by_natural_key(self, username):
        return self.get(username=username)

    def create_superuser(self, username, password=None, **fields):
        """The way in when nobody can log in: `manage.py createsuperuser` alone sets these flags."""
        user = self.model(username=username.lower(), is_staff=True, is_superuser=True, **fields)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser, PermissionsMixin, TimestampedModel):
    """A person, however they log in: any of username, verified phone, verified email, WeChat.

    username and email are kept in lower case.  phone and email are set only after a code proved
    them (invariants J-9).
    organisation: where they work; clients have none.
    token_version: raising it ends every token.  permission_version: raising it makes every
    process read the person's permissions again.  deletes_at: a copy of the pending deletion's.
    """

    TRANSITIONS = Transitions(
        {
            UserStatus.ACTIVE: {UserStatus.DISABLED, UserStatus.DELETED},
            UserStatus.DISABLED: {UserStatus.ACTIVE, UserStatus.DELETED},
        }
    )
    REVEALABLE = {"phone": "手机号", "email": "邮箱"}
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"

    username = ExactCharField("用户名", max_length=32, unique=True, null=True, blank=True)
    row_key = RowKeyField()
    phone = EncryptedTextField("手机号", null=True, blank=True, index="phone")
    phone_index = blind_index_column("phone", unique=True, verbose_name="手机号索引")
    email = EncryptedTextField(
        "邮箱", null=True, blank=True, index="email", validators=[validate_email]
    )
    email_index = blind_index_column("email", unique=True, verbose_name="邮箱索引")
    nickname = models.CharField("昵称", max_length=32, blank=True)
    avatar = models.URLField("头像", max_length=500, blank=True)
    gender = models.CharField("性别", max_length=8, choices=Gender, blank=True)
    birthday = models.DateField("生日", null=True, blank=True)
    status = models.CharField("状态", max_length=16, choices=UserStatus, default=UserStatus.ACTIVE)
    is_staff = models.BooleanField("可进入后台", default=False)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="members",
        verbose_name="所属机构",
    )  # fmt: skip
    deletes_at = models.DateTimeField("将于何时注销", null=True, blank=True, editable=False)
    token_version = models.PositiveIntegerField("令牌版本", default=1, editable=False)
    permission_version = models.PositiveIntegerField("权限版本", default=1, editable=False)

    objects = UserManager()

    class Meta:
        verbose_name = verbose_name_plural = "用户"
        indexes = [
            models.Index(fields=["status", "created_at"], name="user_status_created"),
            models.Index(fields=["nickname"], name="user_nickname"),
            models.Index(fields=["created_at"], name="user_created"),
        ]
        permissions = [
            ("disable_user", "停用用户"),
            ("assign_role", "分配角色"),
            ("reveal_user", "查看完整手机号与邮箱"),
            ("view_statistics", "查看统计"),
            ("export_data", "导出数据"),
        ]

    def __str__(self):
        return self.display_name

    @property
    def is_active(self) -> bool:
        return self.status == UserStatus.ACTIVE

    @property
    def display_name(self) -> str:
        """What others see: never a phone number or an email."""
        return self.nickname or self.username or f"用户{self.pk}"

    def _get_session_auth_hash(self, secret=None):
        """A back office session ends when the password or token_version changes."""
        what = f"{self.password}:{self.token_version}"
        salt = "accounts.User.session"
        return salted_hmac(salt, what, secret=secret, algorithm="sha256").hexdigest()

    def get_full_name(self):
        return self.display_name

    get_short_name = get_full_name


class WeChatIdentity(models.Model):
    """One openid of one mini-program; unionid joins the apps of one open-platform account."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="wechat_identities", verbose_name="用户"
    )
    appid = ExactCharField("AppID", max_length=32)
    openid = ExactCharField("OpenID", max_length=128)
    unionid = ExactCharField("UnionID", max_length=128, null=True, blank=True)
    created_at = models.DateTimeField("绑定时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "微信身份"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["appid", "openid"], name="wechat_openid_once"),
            models.UniqueConstraint(fields=["user", "appid"], name="wechat_one_per_app"),
        ]
        indexes = [models.Index(fields=["unionid"], name="wechat_unionid")]

    def __str__(self):
        return f"微信身份 #{self.pk}"  # an openid is nobody's business
