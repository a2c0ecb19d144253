from django.apps import AppConfig


class CommerceConfig(AppConfig):
    name = "commerce"
    verbose_name = "订单与支付"

    def ready(self):
        from commerce import checks  # noqa: F401
