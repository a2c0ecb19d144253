"""People: found, disabled, given roles; a form writes none of their privileges."""

from django import forms
from django.contrib import admin, messages
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.html import format_html_join
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.forms import ActionForm
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.admin.deletion import DeletePeople
from accounts.admin.exports import Exportable
from accounts.admin.people import WithSections
from accounts.admin.people_filters import (
    LastActiveFilter,
    OrderFilter,
    RoleFilter,
    SegmentFilter,
    role_choices,
)
from accounts.admin.reveals import Revealing
from accounts.admin.tags import LOOKS, TagFilter, TagPeople, tag_choices
from accounts.admin.user_analysis import UserAnalysis
from accounts.models import (
    Organisation,
    User,
    UserPassword,
    WeChatIdentity,
)
from accounts.services import second_factor
from accounts.services.login import LONGEST_PASSWORD
from accounts.services.organisations import home_of_new, move_to_organisation
from accounts.services.passwords import check_strength
from accounts.services.people import NEVER, with_last_active
from accounts.services.registration import create_user, normal_username
from accounts.services.roles import assign_role, remove_role
from accounts.services.users import (
    disable_user,
    enable_user,
    require_new_password,
    unlock_user,
)
from config.admin import BackOfficeAdmin, ReadOnlyInline, coloured, masked
from config.errors import DomainError
from config.masking import mask_email, mask_key, mask_phone

NOWHERE = "none"


def organisation_choices() -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in Organisation.objects.values_list("pk", "name")]


class UserActionForm(ActionForm):
    """The role or the words that go with an action."""

    role = forms.ChoiceField(
        label="",
        required=False,
        choices=lambda: [("", "角色…"), *role_choices()],
        widget=UnfoldAdminSelectWidget(attrs={"style": "min-width: 9rem"}),
    )
    tag = forms.ChoiceField(
        label="",
        required=False,
        choices=lambda: [("", "标签…"), *tag_choices()],
        widget=UnfoldAdminSelectWidget(attrs={"style": "min-width: 9rem"}),
    )
    organisation = forms.ChoiceField(
        label="",
        required=False,
        choices=lambda: [("", "机构…"), (NOWHERE, "不属于任何机构"), *organisation_choices()],
        widget=UnfoldAdminSelectWidget(attrs={"style": "min-width: 9rem"}),
    )
    reason = forms.CharField(
        label="",
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "原因（选填，最多 200 字）"}),
    )


class NewUserForm(forms.ModelForm):
    """Somebody who logs in by username and password; roles are given afterwards."""

    password = forms.CharField(
        label="密码",
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="至少 8 位，不能是常见密码，也不能与用户名相似",
    )

    class Meta:
        model = User
        fields = ["username", "nickname", "password"]
        widgets = dict.fromkeys(["username", "nickname"], UnfoldAdminTextInputWidget)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].required = True

    def clean_username(self):
        try:
            return normal_username(self.cleaned_data["username"])
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from None

    def clean(self):
        data = super().clean()
        user = User(username=data.get("username"), nickname=data.get("nickname", ""))
        try:
            check_strength(data.get("password", ""), user)
        except DomainError as refusal:
            self.add_error("password", refusal.data["password"])
        return data


class IdentityInline(ReadOnlyInline):
    model = WeChatIdentity
    fields = ["appid", "shown_openid", "created_at"]
    readonly_fields = ["shown_openid"]
    shown_openid = masked("openid", "OpenID", mask_key)


@admin.register(User)
class UserAdmin(
    Revealing, UserAnalysis, Exportable, TagPeople, WithSections, DeletePeople, BackOfficeAdmin
):
    list_display = [
        "id", "person", "username", "phone_masked", "email_masked", "status", "roles", "labels",
        "organisation", "is_staff", "created_at", "last_active",
    ]  # fmt: skip
    list_display_links = ["id", "person"]
    list_select_related = ["organisation"]
    list_filter = [
        "status", RoleFilter, TagFilter, SegmentFilter, OrderFilter,
        ("organisation", RelatedDropdownFilter), "is_staff", "created_at", LastActiveFilter,
    ]  # fmt: skip
    search_fields = ["username__startswith", "nickname__startswith", "phone__exact", "email__exact"]
    search_help_text = "用户名或昵称的开头，完整的手机号或邮箱"
    fields = [
        "person", "username", "phone_masked", "email_masked", "gender", "birthday", "status",
        "roles", "organisation", "is_staff", "password_state", "two_steps", "created_at",
    ]  # fmt: skip
    readonly_fields = fields
    inlines = [IdentityInline]
    export_of = "user"
    from_list = {
        "q": "search", "status__exact": "status", "created_at_from": "registered_from",
        "created_at_to": "registered_to",
    }  # fmt: skip
    action_form = UserActionForm
    step_up = frozenset(
        {
            "disable", "reset_second_factor", "give_role", "take_role", "delete_people",
            "export_chosen", "place",
        }
    )  # fmt: skip
    action_permissions = {
        "assign": "accounts.assign_role", "place": "accounts.change_user",
        "tag": "accounts.change_user", "export": "accounts.export_data",
        "delete_people": "accounts.delete_user",
        "reset_second_factor": "accounts.reset_secondfactor",
    }  # fmt: skip
    actions = [
        "disable", "enable", "unlock", "new_password", "reset_second_factor", "give_role",
        "take_role", "put_tag", "take_tag", "place", "export_chosen", "delete_people",
    ]  # fmt: skip
    phone_masked = masked("phone", "手机号", mask_phone)
    email_masked = masked("email", "邮箱", mask_email)

    def get_queryset(self, request):
        people = with_last_active(super().get_queryset(request))
        return people.prefetch_related("groups", "tags")

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_form(self, request, obj=None, **kwargs):
        return super().get_form(request, obj, **kwargs) if obj else NewUserForm

    def get_fields(self, request, obj=None):
        return super().get_fields(request, obj) if obj else NewUserForm.Meta.fields

    def get_readonly_fields(self, request, obj=None):
        return super().get_readonly_fields(request, obj) if obj else []

    def get_inlines(self, request, obj):
        return super().get_inlines(request, obj) if obj else []

    def save_model(self, request, obj, form, change):
        home = home_of_new(request.user)
        created = create_user(**form.cleaned_data, must_change=True, organisation_id=home)
        obj.pk = created.pk

    @display(description="用户", ordering="nickname")
    def person(self, user):
        return user.display_name

    @display(description="最近活跃", ordering=Coalesce("last_active_at", NEVER))
    def last_active(self, user):
        return user.last_active_at

    @display(description="密码")
    def password_state(self, user):
        """When it was changed last; staff who set one for somebody see that it is to go."""
        record = UserPassword.objects.filter(user=user).first()
        if record and record.must_change:
            return "须本人修改"
        if record:
            return f"{timezone.localtime(record.changed_at):%Y-%m-%d %H:%M} 修改"
        return "已设置" if user.has_usable_password() else "未设置"

    @display(description="两步验证")
    def two_steps(self, user):
        return "已开启" if second_factor.is_on(user) else "未开启"

    @display(description="角色")
    def roles(self, user):
        names = [group.name for group in user.groups.all()]
        return "、".join(["系统管理员"] * user.is_superuser + names) or "-"

    @display(description="标签")
    def labels(self, user):
        shown = [(LOOKS[tag.colour], tag.name) for tag in user.tags.all()]
        return format_html_join(" ", "{}", ((coloured(text, look),) for look, text in shown)) or "-"

    @action(description="停用所选用户", permissions=["disable"])
    def disable(self, request, queryset):
        self.call_each(request, queryset, disable_user, reason=request.POST.get("reason", ""))

    @action(description="启用所选用户", permissions=["disable"])
    def enable(self, request, queryset):
        self.call_each(request, queryset, enable_user, reason=request.POST.get("reason", ""))

    @action(description="解除登录锁定", permissions=["disable"])
    def unlock(self, request, queryset):
        self.call_each(request, queryset, unlock_user)

    @action(description="要求修改密码", permissions=["disable"])
    def new_password(self, request, queryset):
        self.call_each(request, queryset, require_new_password)

    @action(description="重置两步验证", permissions=["reset_second_factor"])
    def reset_second_factor(self, request, queryset):
        self.call_each(request, queryset, second_factor.reset)

    @action(description="授予角色", permissions=["assign"])
    def give_role(self, request, queryset):
        self._with_role(request, queryset, assign_role)

    @action(description="移除角色", permissions=["assign"])
    def take_role(self, request, queryset):
        self._with_role(request, queryset, remove_role)

    @action(description="设置所属机构", permissions=["place"])
    def place(self, request, queryset):
        if not (chosen := request.POST.get("organisation")):
            self.message_user(request, "请先选择机构", messages.ERROR)
            return
        where = None if chosen == NOWHERE else int(chosen) if chosen.isdecimal() else 0
        self.call_each(request, queryset, move_to_organisation, organisation_id=where)

    def _with_role(self, request, queryset, service):
        if not (code := request.POST.get("role")):
            self.message_user(request, "请先选择角色", messages.ERROR)
            return
        self.call_each(request, queryset, service, code=code)

    def has_disable_permission(self, request):
        return request.user.has_perm("accounts.disable_user")

    def has_place_permission(self, request):
        return request.user.has_perm("accounts.change_user")

    def has_reset_second_factor_permission(self, request):
        return request.user.has_perm("accounts.reset_secondfactor")

    def has_assign_permission(self, request):
        return request.user.has_perm("accounts.assign_role")
