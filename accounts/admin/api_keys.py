"""Keys of third parties: made here, shown once, revoked."""

from django import forms
from django.contrib import admin
from django.shortcuts import render
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import ApiKey
from accounts.rbac import SCOPES
from accounts.services.api_keys import FASTEST, LONGEST_DAYS, check_wishes, create_key, revoke_key
from config.admin import BackOfficeAdmin
from config.errors import DomainError

_STATES = {
    "live": ("有效", "success"),
    "expired": ("已过期", "warning"),
    "revoked": ("已吊销", "danger"),
}


class NewApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        label="权限范围",
        choices=[(name, f"{label}（{name}）") for name, label in SCOPES.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    days = forms.IntegerField(
        label="有效天数",
        initial=90,
        min_value=1,
        max_value=LONGEST_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="到期前 14 天通知所有者；更换时先新建，再吊销旧的",
    )
    per_minute = forms.IntegerField(
        label="每分钟请求上限",
        initial=60,
        min_value=1,
        max_value=FASTEST,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    networks = forms.CharField(
        label="允许的 IP",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="每行一个地址或网段，如 203.0.113.0/24；留空表示不限",
    )

    class Meta:
        model = ApiKey
        fields = ["name", "owner", "scopes", "days", "per_minute", "networks"]
        widgets = {"name": UnfoldAdminTextInputWidget}

    def clean_networks(self):
        return self.cleaned_data["networks"].split()

    def clean(self):
        data = super().clean()
        wishes = ("scopes", "networks", "per_minute", "days")
        if not self.errors:
            try:
                check_wishes(**{name: data[name] for name in wishes})
            except DomainError as refusal:
                for name, reasons in refusal.data.items():
                    self.add_error(name, reasons)
        return data

    def _post_clean(self):
        """The row is the service's to make; what the model would check, it checks."""


@admin.register(ApiKey)
class ApiKeyAdmin(BackOfficeAdmin):
    list_display = [
        "name", "prefix", "owner", "scope_labels", "per_minute", "state_badge", "expires_at",
        "last_used_at",
    ]  # fmt: skip
    list_filter = [("revoked_at", admin.EmptyFieldListFilter), "expires_at", "last_used_at"]
    list_select_related = ["owner"]
    search_fields = ["name__startswith", "prefix__exact", "owner__username__startswith"]
    search_help_text = "名称或所有者用户名的开头，或完整的前缀"
    fields = [
        "name", "prefix", "owner", "scope_labels", "allowed", "per_minute", "state_badge",
        "created_by", "created_at", "expires_at", "last_used_at", "revoked_at",
    ]  # fmt: skip
    readonly_fields = fields
    autocomplete_fields = ["owner"]
    actions = ["revoke"]
    step_up = frozenset({"add", "revoke"})

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_form(self, request, obj=None, **kwargs):
        return super().get_form(request, obj, **kwargs | ({} if obj else {"form": NewApiKeyForm}))

    def get_fields(self, request, obj=None):
        return super().get_fields(request, obj) if obj else NewApiKeyForm.Meta.fields

    def get_readonly_fields(self, request, obj=None):
        return super().get_readonly_fields(request, obj) if obj else []

    def save_model(self, request, obj, form, change):
        wishes = dict(form.cleaned_data)
        created, obj.text = create_key(wishes.pop("owner").pk, actor=request.user, **wishes)
        obj.pk, obj.prefix, obj.name = created.pk, created.prefix, created.name

    def response_add(self, request, obj, post_url_continue=None):
        """The only page that ever shows it: no redirect, no message that a session would keep."""
        context = self.admin_site.each_context(request) | {
            "title": "API 密钥已创建", "key": obj.text, "row": obj, "opts": self.opts,
        }  # fmt: skip
        return render(request, "admin/api_key_created.html", context)

    @action(description="吊销所选密钥", permissions=["revoke"])
    def revoke(self, request, queryset):
        self.call_each(request, queryset, revoke_key)

    def has_revoke_permission(self, request):
        return request.user.has_perm("accounts.revoke_apikey")

    @display(description="状态", label=dict(_STATES.values()))
    def state_badge(self, key):
        return _STATES[key.state][0]

    @display(description="权限范围")
    def scope_labels(self, key):
        return "、".join(SCOPES.get(name, name) for name in key.scopes)

    @display(description="允许的 IP")
    def allowed(self, key):
        return "、".join(key.networks) or "不限"
