from commerce.admin import addresses, fulfilment, ledger, merchants, money, orders  # noqa: F401
