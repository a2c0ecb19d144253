from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, Value, When
from django.utils.html import format_html
from unfold.decorators import action, display

from config.admin import BackOfficeAdmin
from config.admin.merging import merge_form
from config.errors import DomainError
from content.models import Category, DiseaseTag
from content.services.categories import check_parent, delete_category, in_tree_order, save_category
from content.services.tags import delete_tag, merge_tags


class _Deleting:
    """Put before an admin class: `delete_service(pk)` deletes, one at a time, or refuses.

    Django's action on many rows would report success whatever was refused.
    """

    delete_service = None

    def delete_model(self, request, obj):
        type(self).delete_service(obj.pk)

    def get_actions(self, request):
        return {
            name: chosen
            for name, chosen in super().get_actions(request).items()
            if name != "delete_selected"
        }


class CategoryForm(forms.ModelForm):
    class Meta:
        model = Category
        fields = ["parent", "name", "slug", "icon", "sort_order", "is_active"]

    def clean_parent(self):
        parent = self.cleaned_data["parent"]
        tree = {node.pk: node for node in Category.objects.all()}
        try:
            check_parent(tree, self.instance.pk, parent and parent.pk)
        except DomainError as error:
            raise ValidationError(str(error)) from error
        return parent


@admin.register(Category)
class CategoryAdmin(_Deleting, BackOfficeAdmin):
    """The whole tree on one page, children below their parents."""

    delete_service = staticmethod(delete_category)
    form = CategoryForm
    list_display = ["indented", "slug", "sort_order", "is_active"]
    list_display_links = ["indented"]
    list_filter = ["is_active"]
    list_per_page = 500
    search_fields = ["name", "slug"]
    sortable_by = []

    def get_queryset(self, request):
        """Each row with its place in the tree and how deep it lies."""
        tree = in_tree_order(Category.objects.all())
        return Category.objects.annotate(
            place=_constants({pk: place for place, (pk, _) in enumerate(tree)}),
            depth=_constants(dict(tree)),
        ).order_by("place")

    def get_ordering(self, request):
        """The list's own; forms that offer categories to choose from ask here too."""
        listing = request.resolver_match.url_name.endswith("_changelist")
        return ["place"] if listing else super().get_ordering(request)

    @display(description="名称")
    def indented(self, category):
        return format_html(
            '<span style="padding-left: {}rem">{}{}</span>',
            category.depth * 1.5,
            "└ " if category.depth else "",
            category.name,
        )

    def save_model(self, request, obj, form, change):
        names = ("parent_id", "name", "slug", "icon", "sort_order", "is_active")
        fields = {name: getattr(obj, name) for name in names}
        obj.pk = save_category(obj.pk, **fields).pk


def _constants(values: dict[int, int]):
    """A column with one number per row; for a table that fits on a page."""
    whens = [When(pk=pk, then=Value(value)) for pk, value in values.items()]
    return Case(*whens, default=Value(0), output_field=IntegerField())


@admin.register(DiseaseTag)
class DiseaseTagAdmin(_Deleting, BackOfficeAdmin):
    delete_service = staticmethod(delete_tag)
    list_display = ["name", "description", "sort_order", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name"]
    search_help_text = "名称"
    ordering = ["sort_order", "pk"]
    fields = ["name", "description", "sort_order", "is_active"]
    action_form = merge_form(DiseaseTag)
    actions = ["merge"]

    @action(description="合并所选标签到右侧标签", permissions=["delete"])
    def merge(self, request, queryset):
        into = request.POST.get("into", "")
        if not into.isdigit():
            messages.error(request, "请选择要合并到的标签")
            return
        self.call_each(
            request,
            queryset.exclude(pk=into),
            lambda pk, actor: merge_tags(pk, into_id=int(into)),
        )
