import pytest

from tests.journeys.booking import run
from tests.journeys.stack import running_stack

pytestmark = pytest.mark.journey


def test_the_booking_story_with_the_worker_killed_on_the_way():
    with running_stack(SWEEP_SECONDS="3") as stack:
        run(stack, chaos=True)
