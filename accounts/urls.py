from django.urls import path, re_path

from accounts.views import callbacks
from accounts.views.api_keys import ApiKeyViewSet
from accounts.views.auth import AccountViewSet, LoginViewSet
from accounts.views.consents import AgreementViewSet, ConsentViewSet
from accounts.views.deletion import DeletionViewSet, OwnDataViewSet
from accounts.views.devices import DeviceViewSet, LoginLogViewSet
from accounts.views.email import EmailCodeViewSet, EmailViewSet
from accounts.views.exports import ExportFileViewSet, ExportViewSet
from accounts.views.menus import MenuViewSet, OwnMenuViewSet
from accounts.views.notifications import NotificationViewSet
from accounts.views.phone import BindingViewSet, PhoneViewSet
from accounts.views.profile import ProfileViewSet
from accounts.views.reaching import PreferenceViewSet, SubscriptionViewSet
from accounts.views.roles import RolePermissionViewSet, RoleViewSet
from accounts.views.stats import UserStatsViewSet
from accounts.views.step_up import StepUpViewSet
from accounts.views.tags import UserTagViewSet
from accounts.views.unsubscribe import unsubscribe_page
from accounts.views.users import UserViewSet

_PK = r"(?P<pk>[0-9]{1,18})"
_CHANGES = {"put": "update", "patch": "partial_update", "delete": "destroy"}
_profile = ProfileViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update"})


def _login(action: str):
    return LoginViewSet.as_view({"post": action})


def _phone(action: str):
    return PhoneViewSet.as_view({"post": action})


def _binding(action: str):
    return BindingViewSet.as_view({"post": action})


urlpatterns = [
    path("login", _login("password"), name="login"),
    path("login/wx", _login("wechat"), name="login-wx"),
    path("users/login", _login("wechat"), name="users-login"),
    path("login/phone", _phone("login"), name="login-phone"),
    path("login/wx-phone", _phone("wechat_login"), name="login-wx-phone"),
    path("sms/code", _phone("send_code"), name="sms-code"),
    path("password/reset", _phone("reset_password"), name="password-reset"),
    path("email/code", EmailCodeViewSet.as_view({"post": "send_code"}), name="email-code"),
    path("user/email/bind", EmailViewSet.as_view({"post": "bind"}), name="bind-email"),
    path("user/phone/bind", _binding("bind_phone"), name="bind-phone"),
    path("user/wechat/bind", _binding("bind_wechat"), name="bind-wechat"),
    path("user/merge", _binding("merge"), name="merge"),
    path("step-up", StepUpViewSet.as_view({"post": "confirm"}), name="step-up"),
    path("user/data-export", OwnDataViewSet.as_view({"post": "create"}), name="user-data-export"),
    path(
        "user/deletion",
        DeletionViewSet.as_view({"get": "retrieve", "post": "create", "delete": "destroy"}),
        name="user-deletion",
    ),
    path("register", _login("register"), name="register"),
    path("token/refresh", _login("refresh"), name="token-refresh"),
    path("token/verify", _login("verify"), name="token-verify"),
    path("logout", AccountViewSet.as_view({"post": "logout"}), name="logout"),
    path("password/change", AccountViewSet.as_view({"post": "change_password"}), name="password"),
    path("login-logs", LoginLogViewSet.as_view({"get": "list"}), name="login-logs"),
    path("devices", DeviceViewSet.as_view({"get": "list"}), name="devices"),
    re_path(rf"^devices/{_PK}$", DeviceViewSet.as_view({"delete": "destroy"}), name="device"),
    path("users/profile", _profile, name="users-profile"),
    path("user/profile", _profile, name="user-profile"),
    path("user", UserViewSet.as_view({"get": "list", "post": "create"}), name="users"),
    path("user/export", UserViewSet.as_view({"post": "export"}), name="user-export"),
    re_path(
        rf"^user/{_PK}$",
        UserViewSet.as_view(
            {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
        ),
        name="user",
    ),
    re_path(rf"^user/{_PK}/tags$", UserViewSet.as_view({"put": "set_tags"}), name="user-tags"),
    re_path(rf"^user/{_PK}/disable$", UserViewSet.as_view({"post": "disable"}), name="disable"),
    re_path(rf"^user/{_PK}/enable$", UserViewSet.as_view({"post": "enable"}), name="enable"),
    re_path(rf"^user/{_PK}/reveal$", UserViewSet.as_view({"post": "reveal"}), name="reveal"),
    re_path(rf"^user/{_PK}/unlock$", UserViewSet.as_view({"post": "unlock"}), name="unlock"),
    re_path(rf"^user/{_PK}/roles$", UserViewSet.as_view({"post": "assign_role"}), name="roles"),
    re_path(
        rf"^user/{_PK}/roles/(?P<code>[a-z0-9_-]{{1,32}})$",
        UserViewSet.as_view({"delete": "remove_role"}),
        name="user-role",
    ),
    path("user-tags", UserTagViewSet.as_view({"get": "list", "post": "create"}), name="tags"),
    path("user-tags/people", UserTagViewSet.as_view({"post": "people"}), name="tag-people"),
    re_path(
        rf"^user-tags/{_PK}$",
        UserTagViewSet.as_view(
            {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
        ),
        name="tag",
    ),
    re_path(
        rf"^user-tags/{_PK}/merge$", UserTagViewSet.as_view({"post": "merge"}), name="tag-merge"
    ),
    path("exports", ExportViewSet.as_view({"get": "list"}), name="exports"),
    re_path(
        rf"^exports/{_PK}$",
        ExportViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="export",
    ),
    re_path(
        rf"^exports/{_PK}/download$",
        ExportFileViewSet.as_view({"get": "download"}),
        name="export-download",
    ),
    path("api-keys", ApiKeyViewSet.as_view({"get": "list", "post": "create"}), name="api-keys"),
    re_path(rf"^api-keys/{_PK}$", ApiKeyViewSet.as_view({"delete": "destroy"}), name="api-key"),
    path("role", RoleViewSet.as_view({"get": "list", "post": "create"}), name="role"),
    path(
        "role/permissions",
        RolePermissionViewSet.as_view({"get": "available"}),
        name="role-permissions",
    ),
    re_path(
        rf"^role/{_PK}$", RoleViewSet.as_view({"get": "retrieve"} | _CHANGES), name="role-detail"
    ),
    path("stat/user", UserStatsViewSet.as_view({"get": "retrieve"}), name="stat-user"),
    path("stat/user/export", UserStatsViewSet.as_view({"post": "export"}), name="stat-user-export"),
    path("menu", MenuViewSet.as_view({"get": "list", "post": "create"}), name="menu"),
    re_path(
        rf"^menu/{_PK}$", MenuViewSet.as_view({"get": "retrieve"} | _CHANGES), name="menu-detail"
    ),
    path("menu/mine", OwnMenuViewSet.as_view({"get": "mine"}), name="menu-mine"),
    path("notifications", NotificationViewSet.as_view({"get": "list"}), name="notifications"),
    path(
        "notifications/read-all", NotificationViewSet.as_view({"post": "read_all"}), name="read-all"
    ),
    path(
        "notifications/unread-count",
        NotificationViewSet.as_view({"get": "unread_count"}),
        name="unread-count",
    ),
    path(
        "notifications/preferences",
        PreferenceViewSet.as_view({"get": "retrieve", "put": "update"}),
        name="notification-preferences",
    ),
    path(
        "notifications/wechat/templates",
        SubscriptionViewSet.as_view({"get": "templates"}),
        name="wechat-templates",
    ),
    path(
        "notifications/wechat/subscriptions",
        SubscriptionViewSet.as_view({"post": "answers"}),
        name="wechat-subscriptions",
    ),
    re_path(
        rf"^notifications/{_PK}/read$", NotificationViewSet.as_view({"post": "read"}), name="read"
    ),
    path("notifications/unsubscribe", unsubscribe_page, name="unsubscribe"),
    path("sms/report/aliyun", callbacks.sms_report, {"provider": "aliyun"}, name="report-aliyun"),
    path(
        "sms/report/tencent", callbacks.sms_report, {"provider": "tencent"}, name="report-tencent"
    ),
    path("wx/push", callbacks.wechat_push, name="wx-push"),
    path("agreements/<slug:kind>", AgreementViewSet.as_view({"get": "retrieve"}), name="agreement"),
    path("consents", ConsentViewSet.as_view({"get": "list", "post": "create"}), name="consents"),
    path("consents/<slug:kind>", ConsentViewSet.as_view({"delete": "destroy"}), name="consent"),
]
