from counseling.admin import (
    applications,
    appointments,
    clients,
    counselors,
    disputes,
    reviews,
    rules,
    schedule,
)

__all__ = [
    "applications",
    "appointments",
    "clients",
    "counselors",
    "disputes",
    "reviews",
    "rules",
    "schedule",
]
