from commerce.admin import (  # noqa: F401
    addresses,
    bills,
    fulfilment,
    ledger,
    merchants,
    money,
    orders,
    products,
    reviews,
)
