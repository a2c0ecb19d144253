"""A small office of people with different powers, and what everybody may do in it."""

from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.models import Menu, Organisation, Role, User
from accounts.services.organisations import save_organisation
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role
from tests.factories.accounts import PASSWORD, StaffFactory, UserFactory
from tests.factories.counseling import CounselorFactory, ServiceFactory
from tests.helpers import Api


class World:
    """admin: much, not all.  lead: all of admin's, but in the north alone.  root: everything."""

    def __init__(self):
        self.root, self.admin = StaffFactory("super_admin"), StaffFactory("admin")
        self.editor, self.money = StaffFactory("content_manager"), StaffFactory("finance")
        self.client, self.bob = UserFactory(), UserFactory()
        self.north = save_organisation(None, name="北区", parent_id=None, actor=None)
        self.south = save_organisation(None, name="南区", parent_id=None, actor=None)
        self.role("base", ["order:manage"])
        self.role("mine", ["user:manage", "organisation:manage", "role:manage",
                           "counselor:review"], parent="base", scope="organisation")  # fmt: skip
        self.role("strong", ["refund:approve"])
        self.role("weak", ["order:manage"], scope="own")
        self.role("wide", ["order:manage"], scope="all")
        self.lead = self.worker(self.north, "mine")
        self.mate, self.foreigner = self.worker(self.north), self.worker(self.south)
        self.mine = CounselorFactory(user=self.mate)
        self.theirs = ServiceFactory(counselor=CounselorFactory(user=self.foreigner))

    def role(self, code, permissions, parent=None, scope="all"):
        save_role(code, name=code, permissions=permissions, parent=parent, data_scope=scope,
                  actor=None)  # fmt: skip

    def worker(self, organisation, role=None) -> User:
        user = UserFactory(password=PASSWORD, organisation_id=organisation.pk)
        if role:
            assign_role(user.pk, role, actor=None)
        return User.objects.get(pk=user.pk)

    def pk(self, code) -> int:
        return Role.objects.get(code=code).pk

    def api(self, who):
        return Api(getattr(self, who))

    def office(self, who) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(getattr(self, who))
        return client

    def post(self, who, path, body=None):
        return self.office(who).post(f"/admin/{path}", body or {})

    def act(self, who, page, action, *rows, **more):
        body = {"action": action, "_selected_action": [row.pk for row in rows]} | more
        return self.post(who, f"{page}/", body)

    def save(self, who, code, change=None, **fields):
        body = {"code": code, "name": code, "data_scope": "own", "staff": "on",
                "permissions": ["order:manage"]}  # fmt: skip
        where = f"accounts/role/{self.pk(change)}/change/" if change else "accounts/role/add/"
        return self.post(who, where, body | fields)

    def organise(self, who, organisation, name, parent):
        where = f"{organisation.pk}/change" if organisation else "add"
        body = {"name": name, "parent": parent.pk if parent else ""}
        return self.post(who, f"accounts/organisation/{where}/", body)


def powers() -> dict:
    """Everything that says who may do what."""
    people = {
        user.pk: (
            user.is_superuser, user.is_staff, user.status, user.organisation_id,
            sorted(user.groups.values_list("name", flat=True)), user.user_permissions.count(),
        )
        for user in User.objects.order_by("pk")
    }  # fmt: skip
    roles = {
        role.code: (
            role.parent_id, role.data_scope, role.staff, role.built_in, role.permission_names,
            sorted(role.group.permissions.values_list("pk", flat=True)),
        )
        for role in Role.objects.select_related("group")
    }  # fmt: skip
    return {
        "people": people,
        "roles": roles,
        "groups": sorted(Group.objects.values_list("name", flat=True)),
        "permissions": Permission.objects.count(),
        "organisations": sorted(Organisation.objects.values_list("name", "parent")),
        "menus": sorted(Menu.objects.values_list("pk", "permission")),
    }
