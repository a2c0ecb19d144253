"""What stars come to."""

from decimal import Decimal

from accounts.services.parameters import parameter


def shrunk_mean(total: int, count: int) -> Decimal:
    """Of stars that add up to `total`, and RATING_PRIOR_REVIEWS more of RATING_PRIOR_STARS each,
    so that one enthusiast makes nobody the best; 0 without any."""
    if not count:
        return Decimal(0)
    more = parameter("RATING_PRIOR_REVIEWS")
    mean = Decimal(total + more * parameter("RATING_PRIOR_STARS")) / (count + more)
    return round(mean, 2)
