from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from commerce.admin.money import RemarkActionForm, remark_of
from commerce.admin.pictures import PictureInline
from config.admin import BackOfficeAdmin, ReadOnly, ReadOnlyInline, badge, yuan
from farm.models import Animal, AnimalClaim, AnimalPhoto, AnimalUpdate, HealthRecord
from farm.services.animals import approve_animal, reject_animal


class HealthRecordInline(ReadOnlyInline):
    model = HealthRecord
    fields = ["kind", "happened_on", "note"]

    def has_view_permission(self, request, obj=None):
        return True  # part of the animal: who may see that may see these


class PhotoInline(PictureInline):
    model = AnimalPhoto


class ClaimInline(ReadOnlyInline):
    model = AnimalClaim
    fields = ["number", "user", "price_paid", "status", "claimed_at", "ends_at"]
    show_change_link = True


@admin.register(Animal)
class AnimalAdmin(ReadOnly, BackOfficeAdmin):
    """Farms say what their animals are; staff decide here who is seen."""

    action_form = RemarkActionForm
    list_display = [
        "name", "species", "breed", "merchant", "price", "status", "listed", "submitted_at",
        "review_note",
    ]  # fmt: skip
    list_filter = [
        "listing", "status", "species", "submitted_at", ("merchant", AutocompleteSelectFilter),
    ]  # fmt: skip
    list_select_related = ["merchant"]
    search_fields = ["name", "breed", "merchant__business_name"]
    search_help_text = "名字、品种或商户名称"
    readonly_fields = ["listed", "money"]
    fields = [
        ("name", "merchant"), ("listed", "status"), ("species", "breed", "birth_date"),
        "personality", "farm_location", ("money", "term_months"), "is_offered",
        ("submitted_at", "reviewed_at", "reviewed_by"), "review_note", "lost_at", "created_at",
    ]  # fmt: skip
    inlines = [PhotoInline, HealthRecordInline, ClaimInline]
    actions = ["approve", "reject"]

    @display(description="上架状态", ordering="listing")
    def listed(self, animal):
        return badge(animal.listing, animal.get_listing_display())

    @display(description="价格")
    def money(self, animal):
        return yuan(animal.price)

    @action(description="通过所选动物", permissions=["review"])
    def approve(self, request, queryset):
        self.call_each(request, queryset, approve_animal)

    @action(description="驳回所选动物（请填写说明）", permissions=["review"])
    def reject(self, request, queryset):
        self.call_each(request, queryset, reject_animal, reason=remark_of(request))

    def has_review_permission(self, request):
        return request.user.has_perm("farm.review_animal")


@admin.register(AnimalUpdate)
class AnimalUpdateAdmin(ReadOnly, BackOfficeAdmin):
    list_display = ["animal", "update_type", "content", "visibility", "created_at"]
    list_filter = [
        "update_type", "visibility", "created_at", ("animal", AutocompleteSelectFilter),
    ]  # fmt: skip
    list_select_related = ["animal"]
    search_fields = ["content", "animal__name"]
    search_help_text = "内容或动物名字"
    fields = ["animal", "update_type", "visibility", "content", "media_url", "created_at"]
