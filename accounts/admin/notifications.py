from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from accounts.models import Channel, Notification, NotificationTemplate, WeChatEvent
from accounts.services.notifications import RESENDABLE, resend
from accounts.services.templates import all_templates, title_of
from accounts.wechat_fields import trouble_with
from config.admin import BackOfficeAdmin, ReadOnly


class DeadLetterFilter(SimpleListFilter):
    title, parameter_name = "死信", "dead"

    def lookups(self, request, model_admin):
        return [("1", "失败或无法送达")]

    def queryset(self, request, queryset):
        return queryset.filter(status__in=RESENDABLE) if self.value() else queryset


class TemplateFilter(SimpleListFilter):
    title, parameter_name = "通知", "template"

    def lookups(self, request, model_admin):
        return sorted((code, row.title) for code, row in all_templates().items())

    def queryset(self, request, queryset):
        return queryset.filter(template=self.value()) if self.value() else queryset


@admin.register(Notification)
class NotificationAdmin(ReadOnly, BackOfficeAdmin):
    """The outbox and its dead letters: what failed says why and can be sent again."""

    list_display = [
        "created_at", "user", "channel", "about", "status", "attempts", "sent_at",
        "reported_at", "read_at", "error",
    ]  # fmt: skip
    list_filter = [DeadLetterFilter, "status", "channel", TemplateFilter, "created_at"]
    list_select_related = ["user"]
    search_fields = ["template__startswith", "user__username__startswith", "user__phone__exact"]
    search_help_text = "模板代码或用户名的开头，完整的手机号"
    fields = [
        "user", "channel", "about", "template", "title", "body", "status", "attempts", "due_at",
        "error", "created_at", "sent_at", "message_id", "reported_at", "read_at",
    ]  # fmt: skip
    readonly_fields = ["about"]
    actions = ["send_again"]

    @display(description="通知", ordering="template")
    def about(self, note):
        return title_of(note.template)

    @action(description="重新发送失败的通知", permissions=["resend"])
    def send_again(self, request, queryset):
        self.call_each(request, queryset, resend)

    def has_resend_permission(self, request):
        return request.user.has_perm("accounts.resend_notification")


@admin.register(WeChatEvent)
class WeChatEventAdmin(ReadOnly, BackOfficeAdmin):
    """What WeChat pushed; who it was about is not kept."""

    list_display = ["created_at", "event", "handled"]
    list_filter = ["handled", "created_at"]
    search_fields = ["event__startswith"]
    search_help_text = "事件名的开头"
    fields = [*list_display, "key"]


class TemplateForm(forms.ModelForm):
    body = forms.CharField(
        label="正文",
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="{名称} 会替换为通知的内容参数",
    )
    channels = forms.MultipleChoiceField(
        label="渠道",
        choices=lambda: [
            (name, label)
            for name, label in Channel.choices
            if name in settings.NOTIFICATION_CHANNELS
        ],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = NotificationTemplate
        fields = [
            "title", "body", "channels", "scene", "wechat_template_id", "wechat_fields",
            "wechat_page",
        ]  # fmt: skip
        help_texts = {"scene": "小程序在该场景请求用户订阅，如 booking；一次最多 3 个模板"}

    def clean_wechat_fields(self):
        value = self.cleaned_data["wechat_fields"] or {}
        if not isinstance(value, dict):
            raise forms.ValidationError('须为 {"thing1": "{counselor}"} 形式的对象')
        troubles = [trouble_with(name, text) for name, text in value.items()]
        if found := list(filter(None, troubles)):
            raise forms.ValidationError(found)
        return value

    def clean(self):
        data = super().clean()
        if Channel.SUBSCRIBE in data.get("channels", ()):
            for name in ("wechat_template_id", "wechat_fields"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, "选择微信订阅消息时必填")
        return data


@admin.register(NotificationTemplate)
class NotificationTemplateAdmin(BackOfficeAdmin):
    """Words may be changed; which templates there are is code's to say."""

    form = TemplateForm
    list_display = ["title", "code", "kind", "ways", "scene", "wechat_template_id", "body"]
    list_filter = ["kind"]
    search_fields = ["code", "title"]
    fields = ["code", "kind", *TemplateForm.Meta.fields]
    readonly_fields = ["code", "kind"]

    @display(description="渠道")
    def ways(self, template):
        words = dict(Channel.choices)
        return "、".join(words.get(name, name) for name in template.channels)

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
