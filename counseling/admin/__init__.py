from counseling.admin import (
    affected,
    applications,
    appointments,
    clients,
    counselors,
    disputes,
    leave,
    notes,
    reviews,
    rules,
    schedule,
)

__all__ = [
    "affected",
    "applications",
    "appointments",
    "clients",
    "counselors",
    "disputes",
    "leave",
    "notes",
    "reviews",
    "rules",
    "schedule",
]
