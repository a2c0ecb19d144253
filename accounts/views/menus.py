"""The menu: one's own part of it, and the whole for those who edit it."""

from collections.abc import Iterable

from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.response import Response

from accounts import errors
from accounts.models import Menu
from accounts.serializers.menus import MenuBody, MenuEntrySerializer, MenuSerializer
from accounts.services.menus import change_menu, delete_menu, menu_tree, with_below
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet


class OwnMenuViewSet(ApiViewSet):
    """/menu/mine: what the caller may see; no authority, every page checks for itself."""

    serializer_class = MenuSerializer
    summaries = {
        "mine": "我的菜单",
    }
    permissions = {"mine": LOGIN}
    pagination_class = None

    @extend_schema(responses=MenuSerializer(many=True), filters=False)
    def mine(self, request):
        return Response(MenuSerializer(menu_tree(request.user), many=True).data)


class MenuViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """/menu: every entry, hidden ones too."""

    serializer_class = MenuEntrySerializer
    log_target = "menu"
    summaries = {
        "list": "菜单树",
        "retrieve": "菜单详情",
        "create": "新建菜单",
        "update": "修改菜单",
        "partial_update": "修改菜单（部分字段）",
        "destroy": "删除菜单",
    }
    permissions = {
        "list": "accounts.view_menu",
        "retrieve": "accounts.view_menu",
        "create": "accounts.add_menu",
        "update": "accounts.change_menu",
        "partial_update": "accounts.change_menu",
        "destroy": "accounts.delete_menu",
    }
    refusals = {
        "create": (errors.MenuMalformed, errors.MenuTooDeep),
        "update": (errors.MenuMalformed, errors.MenuTooDeep),
        "partial_update": (errors.MenuMalformed, errors.MenuTooDeep),
        "destroy": (errors.MenuInUse,),
    }

    def get_queryset(self):
        return Menu.objects.order_by("sort_order", "pk")

    def list(self, request):
        """Entries of the first level by page, each with everything below it."""
        tops = self.paginate_queryset(self.get_queryset().filter(parent=None))
        return self.get_paginated_response(_shown(tops))

    def retrieve(self, request, pk):
        return Response(_shown([self.get_object()])[0])

    @extend_schema(request=MenuBody, responses={201: MenuEntrySerializer})
    def create(self, request):
        return Response(_shown([change_menu(**self.body(MenuBody))])[0], status=201)

    @extend_schema(request=MenuBody, responses=MenuEntrySerializer)
    def update(self, request, pk, partial=False):
        menu = change_menu(int(pk), **self.body(MenuBody, partial=partial))
        return Response(_shown([menu])[0])

    @extend_schema(request=MenuBody, responses=MenuEntrySerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        """Only one with nothing below it. A page of the system's own comes back with the next
        release: hide it (`visible`) instead."""
        delete_menu(int(pk))
        return Response({})


def _shown(menus: Iterable[Menu]) -> list[dict]:
    return MenuEntrySerializer(with_below(menus), many=True).data
