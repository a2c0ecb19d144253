from django.core.management.base import BaseCommand

from accounts.services.role_sync import sync_roles


class Command(BaseCommand):
    help = "Make groups, roles and their permissions match accounts/rbac.py."

    def handle(self, **options):
        sync_roles()
        self.stdout.write("角色已同步")
