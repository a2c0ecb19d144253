"""What counseling refuses.  Codes 12000-12999."""

from counseling.errors.appointments import *  # noqa: F403
from counseling.errors.booking import *  # noqa: F403
from counseling.errors.clients import *  # noqa: F403
from counseling.errors.counselors import *  # noqa: F403
from counseling.errors.leave import *  # noqa: F403
from counseling.errors.notes import *  # noqa: F403
from counseling.errors.reviews import *  # noqa: F403
from counseling.errors.schedule import *  # noqa: F403
