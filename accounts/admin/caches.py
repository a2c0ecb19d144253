"""The cache console: how well each namespace serves, what is in it, and emptying it."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from accounts.models import CachePurge
from accounts.services.caches import console, keys_of, purge
from config.admin import BackOfficeAdmin, ReadOnly
from config.errors import DomainError

LATEST = 10


@admin.register(CachePurge)
class CachePurgeAdmin(ReadOnly, BackOfficeAdmin):
    """Values are never shown: some are credentials."""

    fields = ["namespace", "key", "removed", "actor", "created_at"]

    def get_urls(self):
        page = self.admin_site.admin_view(self.purge_view)
        return [path("purge/", page, name="accounts_cachepurge_purge"), *super().get_urls()]

    def has_purge_permission(self, request):
        return request.user.has_perm("accounts.add_cachepurge")

    def changelist_view(self, request, extra_context=None):
        if not self.has_view_permission(request):
            raise PermissionDenied
        namespace, keys = request.GET.get("namespace", ""), None
        if namespace:
            try:
                keys = keys_of(namespace)
            except DomainError as error:
                self.message_user(request, str(error), messages.ERROR)
        purges = CachePurge.objects.select_related("actor").order_by("-pk")[:LATEST]
        context = self.admin_site.each_context(request) | {
            "title": "缓存",
            "console": console(),
            "namespace": namespace,
            "keys": keys,
            "purges": purges,
            "may_purge": self.has_purge_permission(request),
        }
        return TemplateResponse(request, "admin/cache_console.html", context)

    def purge_view(self, request):
        """Asks first; what is confirmed is in the operation log like every other write."""
        if not self.has_purge_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        wanted = {name: request.POST.get(name, "")[:200] for name in ("namespace", "key")}
        if "confirm" not in request.POST:
            context = self.admin_site.each_context(request) | {"title": "清除缓存", **wanted}
            return TemplateResponse(request, "admin/cache_purge.html", context)
        try:
            done = purge(**wanted, actor=request.user)
        except DomainError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            text = f"已清除“{done}”：共享缓存删除 {done.removed} 个键，各进程一秒内清空"
            self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:accounts_cachepurge_changelist"))
