"""The back office itself: who gets in, what the sidebar shows, what the first page says."""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from unfold.sites import UnfoldAdminSite

from config.admin.charts import OPTIONS, chart_data
from config.admin.login import PasswordForm, PasswordStep
from config.dashboard import dashboard_for


class BackOfficeSite(UnfoldAdminSite):
    index_title = "工作台"

    def index(self, request, extra_context=None):
        dashboard = dashboard_for(request.user, timezone.now())
        context = {
            "figures": dashboard.figures,
            "queues": dashboard.queues,
            "charts": [
                {"title": title, "data": chart_data(lines), "options": OPTIONS}
                for title, lines in dashboard.charts.items()
            ],
        }
        return super().index(request, context | (extra_context or {}))

    def extra_urls(self):
        """What settings.BACK_OFFICE_PAGES adds to the site, a function from the site to routes."""
        return [route for name in settings.BACK_OFFICE_PAGES for route in import_string(name)(self)]

    def login(self, request, extra_context=None):
        """Django's own, but for the view: PasswordStep knows of a second one."""
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        context = self.each_context(request) | {
            "title": "登录",
            "app_path": request.get_full_path(),
            "next": reverse("admin:index"),
        }
        request.current_app = self.name
        view = PasswordStep.as_view(
            authentication_form=self.login_form,
            template_name="admin/login.html",
            next_page="admin:index",
            extra_context=context | (extra_context or {}),
        )
        response = view(request)
        if refusal := getattr(request, "login_refusal", None):
            response.status_code = refusal.status
            if wait := refusal.data.get("retry_after"):
                response["Retry-After"] = str(wait)
        return response

    def password_change(self, request, extra_context=None):
        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=PasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context=self.each_context(request) | (extra_context or {}),
        )
        return view(request)

    def get_sidebar_list(self, request):
        """Unfold's groups, made of the menu rows this person may see.

        settings.BACK_OFFICE_MENU names the function that gives them: a tree of nodes with title,
        icon, link and children.  Unfold knows two levels, so deeper ones are flattened.
        """
        groups = [_group(None, [_item("工作台", "dashboard", reverse("admin:index"))])]
        for node in import_string(settings.BACK_OFFICE_MENU)(request.user):
            items = [_item(*page) for page in _pages(node)]
            if items:
                groups.append(_group(node.title, items))
        _mark_active(request.path, [item for group in groups for item in group["items"]])
        return groups


def _pages(node) -> Iterator[tuple[str, str, str]]:
    """(title, icon, address) of a node, or of everything below it; rows without a page fall out."""
    if node.children:
        for child in node.children:
            yield from _pages(child)
    elif address := page_address(node.link):
        yield node.title, node.icon, address


def page_address(link: str) -> str:
    """Where a menu row leads: a route name or an address; "" when there is no such page."""
    if link.startswith(("/", "https://", "http://")):
        return link
    try:
        return reverse(link)
    except NoReverseMatch:
        return ""


def _group(title: str | None, items: list[dict]) -> dict:
    return {"title": title, "items": items, "separator": title is not None}


def _item(title: str, icon: str, address: str) -> dict:
    return {
        "title": title, "icon": icon, "link": address, "active": False, "has_permission": True,
    }  # fmt: skip


def _mark_active(path: str, items: list[dict]) -> None:
    """Where the person is: the page itself, else the one it lies deepest in, and no other."""
    index = reverse("admin:index")
    around = [
        item["link"]
        for item in items
        if path == item["link"]
        or (path.startswith(f"{item['link'].rstrip('/')}/") and item["link"] != index)
    ]
    nearest = max(around, key=len, default=None)
    for item in items:
        item["active"] = item["link"] == nearest
