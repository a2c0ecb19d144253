from counseling.admin import (
    appointments,
    clients,
    counselors,
    disputes,
    reviews,
    rules,
    schedule,
)

__all__ = ["appointments", "clients", "counselors", "disputes", "reviews", "rules", "schedule"]
