from django import forms
from django.contrib import admin
from django.db.models import Case, Value, When
from django.db.models.functions import Coalesce
from unfold.decorators import action, display

from accounts.models import Menu
from accounts.services.menus import check_menu, move_menu, save_menu
from config.admin import BackOfficeAdmin
from config.errors import DomainError


class MenuForm(forms.ModelForm):
    class Meta:
        model = Menu
        fields = [
            "parent", "kind", "title", "icon", "link", "permission", "sort_order", "visible",
        ]  # fmt: skip

    def clean(self):
        data = super().clean()
        try:
            check_menu(
                self.instance.pk,
                parent=data.get("parent"),
                link=data.get("link", ""),
                permission=data.get("permission", ""),
            )
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return data


@admin.register(Menu)
class MenuAdmin(BackOfficeAdmin):
    """The tree as the sidebar draws it; deleting is refused while there are entries below."""

    form = MenuForm
    list_display = ["entry", "kind", "link", "permission", "sort_order", "visible"]
    list_display_links = ["entry"]
    list_filter = ["kind", "visible"]
    list_select_related = ["parent"]
    search_fields = ["title", "link"]
    search_help_text = "名称或链接"
    actions = ["move_up", "move_down", "delete_selected"]

    def get_ordering(self, request):
        """Each directory with its entries behind it."""
        directory_order = Coalesce("parent__sort_order", "sort_order")
        below = Case(When(parent=None, then=Value(0)), default=Value(1))
        directory = Coalesce("parent_id", "pk")
        return [directory_order.asc(), directory.asc(), below.asc(), "sort_order", "pk"]

    def save_model(self, request, obj, form, change):
        save_menu(obj)

    @display(description="名称")
    def entry(self, menu):
        return f"　　└ {menu.title}" if menu.parent_id else menu.title

    @action(description="上移", permissions=["change"])
    def move_up(self, request, queryset):
        self.call_each(request, queryset, move_menu, up=True)

    @action(description="下移", permissions=["change"])
    def move_down(self, request, queryset):
        self.call_each(request, queryset, move_menu, up=False)
