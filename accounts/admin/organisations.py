from django import forms
from django.contrib import admin
from django.db.models import Count
from unfold.decorators import display

from accounts.models import Organisation
from accounts.services.organisations import delete_organisation, save_organisation
from config.admin import BackOfficeAdmin


class OrganisationForm(forms.ModelForm):
    class Meta:
        model = Organisation
        fields = ["name", "parent"]
        help_texts = {"parent": "数据范围为“本机构”的角色可看到本机构及其下级机构的数据"}


@admin.register(Organisation)
class OrganisationAdmin(BackOfficeAdmin):
    """The tree decides what roles of scope 本机构 reach; people are moved on their own page."""

    form = OrganisationForm
    list_display = ["name", "parent", "people", "created_at"]
    list_select_related = ["parent"]
    search_fields = ["name"]
    search_help_text = "机构名称"
    autocomplete_fields = ["parent"]
    step_up = frozenset({"change"})

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(member_count=Count("members"))

    def get_actions(self, request):
        return {}  # deleted one by one: each has its reasons not to

    def save_model(self, request, obj, form, change):
        saved = save_organisation(
            obj.pk if change else None,
            name=form.cleaned_data["name"],
            parent_id=getattr(form.cleaned_data["parent"], "pk", None),
            actor=request.user,
        )
        obj.pk = saved.pk

    def delete_model(self, request, obj):
        delete_organisation(obj.pk, actor=request.user)

    @display(description="成员数", ordering="member_count")
    def people(self, organisation):
        return organisation.member_count
