from commerce.admin import merchants, money, orders  # noqa: F401
