from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "用户与权限"

    def ready(self):
        from accounts.services.menus import sync_menus_after_migrate
        from accounts.services.role_sync import sync_roles_after_migrate

        post_migrate.connect(sync_roles_after_migrate, sender=self)
        post_migrate.connect(sync_menus_after_migrate, sender=self)
