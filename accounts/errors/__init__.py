"""What accounts refuses.  Codes 11000-11999."""

from accounts.errors.administration import *  # noqa: F403
from accounts.errors.api_keys import *  # noqa: F403
from accounts.errors.identity import *  # noqa: F403
