"""`python -m tests.journeys [booking] [shop] [farm]`: these stories, or all, on one stack."""

import argparse
import sys

from tests.journeys import booking, farm, shop
from tests.journeys.telling import tell

STORIES = {"booking": booking.run, "shop": shop.run, "farm": farm.run}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.journeys", description=__doc__)
    parser.add_argument("stories", nargs="*", choices=[*STORIES, []], metavar="story")
    chosen = parser.parse_args().stories or list(STORIES)
    return tell(*(STORIES[name] for name in chosen))


if __name__ == "__main__":
    sys.exit(main())
