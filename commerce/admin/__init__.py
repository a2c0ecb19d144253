from commerce.admin import (  # noqa: F401
    addresses,
    bills,
    fulfilment,
    ledger,
    merchants,
    money,
    offline,
    orders,
    products,
    reviews,
)
