"""What is asked of every payment gateway."""

from decimal import Decimal

import pytest

from commerce.gateways.base import GatewayError, GatewayUnknown
from commerce.models import Refund
from config.numbers import new_number


def refund_of(payment, amount="120.00") -> Refund:
    """On record, not yet told to the provider."""
    return Refund.objects.create(
        number=new_number("REF"), payment=payment, order=payment.order, key=new_number("KEY"),
        amount=Decimal(amount), reason_code="cancelled",
    )  # fmt: skip


def no_of(call) -> tuple[str, bool]:
    """The provider's word for its refusal, and whether it may be granted later."""
    with pytest.raises(GatewayError) as error:
        call()
    return error.value.code, error.value.again


def all_unknown(world, rail: str, fault: str, *calls) -> None:
    """Each call, met by that fault, leaves open whether it was done."""
    for call in calls:
        world.fault(fault, rail, "*")
        with pytest.raises(GatewayUnknown):
            call()
        world.clear_faults()
