"""The page of live parameters (django-constance), and what they were before."""

from constance.admin import Config, ConstanceAdmin
from constance.forms import ConstanceForm
from django import forms
from django.conf import settings
from django.contrib import admin
from unfold.decorators import display

from accounts.models import ParameterChange
from accounts.services.parameters import change_parameters, contradiction, is_set, roll_back
from config.admin import BackOfficeAdmin, ReadOnly
from config.admin.step_up import ask_first

if admin.site.is_registered(Config):
    admin.site.unregister([Config])


KEEP, CLEAR = "", "-"


class ParametersForm(ConstanceForm):
    """Ranges of one value are in settings.CONSTANCE_ADDITIONAL_FIELDS.

    A secret is never in the page: an empty field leaves it as it is, "-" clears it.
    """

    def __init__(self, *args, request=None, **kwargs):
        super().__init__(*args, request=request, **kwargs)
        self.actor = request.user if request else None
        for name in settings.SECRET_PARAMETERS:
            field = self.fields[name]
            field.widget.attrs["placeholder"] = "已设置" if is_set(name) else "未设置"
            field.help_text = "至少 32 个字符；留空不修改，填 - 清除"
            field.min_length = None
            field.validators = [_secret_form]

    def clean(self):
        data = super().clean()
        if found := contradiction(data):
            small, large = found
            self.add_error(small, f"不能大于“{settings.CONSTANCE_CONFIG[large][1]}”")
        return data

    def save(self):
        values = {name: self.cleaned_data[name] for name in self.fields if name != "version"}
        for name in settings.SECRET_PARAMETERS:
            if values[name] == KEEP:
                del values[name]
            elif values[name] == CLEAR:
                values[name] = ""
        return change_parameters(values, actor=self.actor)


def _secret_form(value: str) -> None:
    if value != CLEAR and len(value) < 32:
        raise forms.ValidationError("至少 32 个字符")


class ParametersAdmin(ConstanceAdmin):
    change_list_form = ParametersForm
    step_up = frozenset({"change"})

    def changelist_view(self, request, extra_context=None):
        page = None
        if request.method == "POST" and self.has_change_permission(request):
            page = ask_first(request, "修改系统参数")
        return page or super().changelist_view(request, extra_context)

    def get_config_value(self, name, options, form, initial):
        value = super().get_config_value(name, options, form, initial)
        if name in settings.SECRET_PARAMETERS:
            known = "已设置" if is_set(name) else "未设置"
            value |= {"default": "不显示", "value": known, "modified": is_set(name)}
        elif isinstance(options[0], bool):
            value["default"] = "是" if options[0] else "否"
        return value


admin.site.register([Config], ParametersAdmin)


@admin.register(ParameterChange)
class ParameterChangeAdmin(ReadOnly, BackOfficeAdmin):
    list_display = ["name", "about", "before", "after", "actor", "rolls_back", "created_at"]
    fields = list_display
    readonly_fields = ["about", "before", "after"]
    list_filter = ["name", "created_at"]
    list_select_related = ["actor", "rolls_back"]
    search_fields = ["name"]
    actions = ["undo"]
    action_permissions = {"roll_back": "constance.change_config"}
    step_up = frozenset({"undo"})

    @display(description="说明")
    def about(self, change):
        known = settings.CONSTANCE_CONFIG.get(change.name)
        return known[1] if known else "已取消的参数"

    @display(description="原值")
    def before(self, change):
        return _words(change.old)

    @display(description="新值")
    def after(self, change):
        return _words(change.new)

    @admin.action(description="恢复为变更前的值", permissions=["roll_back"])
    def undo(self, request, queryset):
        self.call_each(request, queryset, roll_back)

    def has_roll_back_permission(self, request):
        return request.user.has_perm("constance.change_config")


def _words(value) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "空" if value in (None, "") else str(value)
