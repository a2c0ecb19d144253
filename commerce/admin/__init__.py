from commerce.admin import addresses, merchants, money, orders  # noqa: F401
