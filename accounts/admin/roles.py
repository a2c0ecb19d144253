from django import forms
from django.contrib import admin
from django.db.models import Count
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from accounts.models import Role
from accounts.rbac import LABELS
from accounts.services.role_editing import delete_role, save_role
from config.admin import BackOfficeAdmin


class RoleForm(forms.ModelForm):
    name = forms.CharField(label="名称", max_length=150, widget=UnfoldAdminTextInputWidget)
    permissions = forms.MultipleChoiceField(
        label="权限",
        choices=lambda: [(name, f"{label}（{name}）") for name, label in LABELS.items()],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="上级角色的权限会自动包含在内；不能授予您自己没有的权限",
    )

    class Meta:
        model = Role
        fields = ["code", "name", "description", "parent", "data_scope", "staff", "permissions"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["name"] = self.instance.group.name
            self.initial["permissions"] = self.instance.permission_names
            if "code" in self.fields:  # not on a page that is only read
                self.fields["code"].disabled = True


@admin.register(Role)
class RoleAdmin(BackOfficeAdmin):
    """Built-in roles are literals in code; staff may make their own, never above themselves."""

    list_display = [
        "title",
        "code",
        "description",
        "above",
        "data_scope",
        "staff",
        "members",
        "own",
    ]
    list_select_related = ["group"]
    form = RoleForm
    step_up = frozenset({"add", "change", "delete"})
    fields = RoleForm.Meta.fields
    readonly_view = [
        "code", "title", "description", "above", "data_scope", "staff", "built_in", "members",
        "permission_labels",
    ]  # fmt: skip

    def get_queryset(self, request):
        queryset = super().get_queryset(request).select_related("group").prefetch_related("parent")
        return queryset.annotate(member_count=Count("group__user"))

    def get_actions(self, request):
        return {}  # roles are deleted one by one: each has its reasons not to

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (obj and obj.built_in)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not (obj and obj.built_in)

    def get_fields(self, request, obj=None):
        if obj and not self.has_change_permission(request, obj):
            return self.readonly_view
        return self.fields

    def get_readonly_fields(self, request, obj=None):
        if obj and not self.has_change_permission(request, obj):
            return self.readonly_view
        return []

    def save_model(self, request, obj, form, change):
        wishes = dict(form.cleaned_data)
        parent = wishes.pop("parent")
        saved = save_role(
            wishes.pop("code"), actor=request.user, parent=parent and parent.code, **wishes
        )
        obj.pk, obj.group = saved.pk, saved.group

    def delete_model(self, request, obj):
        delete_role(obj.pk, actor=request.user)

    @display(description="名称", ordering="group__name")
    def title(self, role):
        return role.group.name

    @display(description="上级角色")
    def above(self, role):
        return str(role.parent) if role.parent_id else "-"

    @display(description="成员数")
    def members(self, role):
        return role.member_count

    @display(description="自建", boolean=True)
    def own(self, role):
        return not role.built_in

    @display(description="权限")
    def permission_labels(self, role):
        return "、".join(LABELS.get(name, name) for name in role.permission_names) or "-"
