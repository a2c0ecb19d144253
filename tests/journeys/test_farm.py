import pytest

from tests.journeys.farm import run
from tests.journeys.stack import running_stack

pytestmark = pytest.mark.journey


def test_the_story_of_a_claim_from_its_payment_to_the_share_refunded():
    with running_stack(SWEEP_SECONDS="3") as stack:
        run(stack)
