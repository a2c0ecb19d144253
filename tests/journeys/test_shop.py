import pytest

from tests.journeys.shop import run
from tests.journeys.stack import running_stack

pytestmark = pytest.mark.journey


def test_the_story_of_a_product():
    with running_stack(SWEEP_SECONDS="3") as stack:
        run(stack)
