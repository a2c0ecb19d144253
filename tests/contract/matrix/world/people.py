"""Who is there, what accounts and content keep of them."""

from django.utils import timezone

from accounts.models import (
    ExportJob,
    LoginSession,
    Menu,
    Notification,
    Role,
    User,
    UserTag,
)
from accounts.rbac import SCOPES
from accounts.services.api_keys import create_key
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role
from accounts.services.sessions import revoke_all
from content.models import Category, DiseaseTag
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.media import FileFactory
from tests.helpers import Api

STAFF = ("content_manager", "finance", "customer_service", "admin", "super_admin")
ACTORS = (
    "anonymous", "stranger", "owner", "counselor", "other_counselor", *STAFF, "unconfirmed",
    "api_key", "disabled", "revoked",
)  # fmt: skip
# The same person by another login: super_admin, who has not shown of late that it is them.
SAME_PERSON = {"unconfirmed": "super_admin"}


class People:
    def _person(self, name: str, **fields) -> User:
        user = UserFactory(username=f"matrix_{name}", nickname=name, password=PASSWORD, **fields)
        self.users[name] = user
        return user

    def _people(self):
        for name in ("owner", "stranger", "disabled", "revoked"):
            phone = f"1390000{len(self.users):04}"
            self._person(name, phone=phone)
        for name in ("counselor", "other_counselor"):
            assign_role(self._person(name).pk, "counselor", actor=None)
        for role in STAFF:
            assign_role(self._person(role).pk, role, actor=None)
        for name, user in self.users.items():
            user.refresh_from_db()
            self.clients[name] = Api(user)
        self.api_key_row, text = create_key(
            self.super_admin.pk, name="第三方", scopes=list(SCOPES), days=30, actor=None
        )
        self.clients["api_key"] = Api()
        self.clients["api_key"].headers["X-API-Key"] = text
        for name, person in SAME_PERSON.items():
            self.clients[name] = Api(self.users[person], stepped_up=False)
        User.objects.filter(pk=self.disabled.pk).update(status="disabled")
        revoke_all(self.revoked.pk, reason="test")
        self.session = LoginSession.objects.get(user=self.owner)
        self.role = Role.objects.get(code="content_manager")
        self.own_role = save_role("watch", name="值班", permissions=[], actor=None)
        self.menu = Menu.objects.exclude(parent=None).first()
        self.role_code, self.agreement_kind = "content_manager", "booking"
        self.notification = Notification.objects.create(
            user=self.owner,
            template="order_paid",
            channel="in_app",
            context={},
            title="付款成功",
            due_at=timezone.now(),
            status="sent",
        )

        self.user_tag = UserTag.objects.create(name="重点关怀")
        self.other_user_tag = UserTag.objects.create(name="老客户")
        self.user_tag.taggings.create(user=self.owner)
        self.export = ExportJob.objects.create(
            requested_by=self.owner,
            key="matrix",
            kind="user",
            format="csv",
            fingerprint="matrix",
            lease_until=timezone.now(),
        )

    def _files(self):
        self.file = FileFactory(owner=self.owner, original_name="我的照片.jpg")
        self.file_key, self.file_name = self.file.key, "main.webp"

    def _content(self):
        self.category = Category.objects.create(name="情绪", slug="mood")
        self.tag = DiseaseTag.objects.create(name="焦虑")
        self.other_tag = DiseaseTag.objects.create(name="压力")
