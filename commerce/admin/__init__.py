from commerce.admin import addresses, ledger, merchants, money, orders  # noqa: F401
