from django import forms
from django.contrib import admin
from django.db.models import Count
from unfold.decorators import display

from accounts.models import Agreement, Consent
from accounts.services.consents import publish_agreement
from config.admin import BackOfficeAdmin, ReadOnly


class NewAgreementForm(forms.ModelForm):
    class Meta:
        model = Agreement
        fields = ["kind", "title", "body"]


@admin.register(Agreement)
class AgreementAdmin(BackOfficeAdmin):
    """A published text never changes: adding publishes the next version of its kind."""

    list_display = ["kind", "version", "title", "published_at", "agreed"]
    list_filter = ["kind"]
    fields = ["kind", "version", "title", "body", "sha256", "published_at", "agreed"]
    readonly_fields = ["agreed", "sha256"]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(agreed_count=Count("consents"))

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_form(self, request, obj=None, **kwargs):
        return super().get_form(
            request, obj, **kwargs | ({} if obj else {"form": NewAgreementForm})
        )

    def get_fields(self, request, obj=None):
        return super().get_fields(request, obj) if obj else NewAgreementForm.Meta.fields

    def get_readonly_fields(self, request, obj=None):
        return super().get_readonly_fields(request, obj) if obj else []

    def save_model(self, request, obj, form, change):
        published = publish_agreement(**form.cleaned_data)
        obj.pk, obj.version = published.pk, published.version

    @display(description="同意人数")
    def agreed(self, agreement):
        return agreement.agreed_count


@admin.register(Consent)
class ConsentAdmin(ReadOnly, BackOfficeAdmin):
    list_display = ["user", "agreement", "agreed_at", "withdrawn_at", "ip_address"]
    list_filter = ["agreement__kind", "agreed_at", ("withdrawn_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "agreement"]
    search_fields = ["user__username__startswith", "user__phone__exact"]
    search_help_text = "用户名的开头或完整的手机号"
    fields = list_display
