from counseling.admin import appointments, clients, counselors, reviews, rules, schedule

__all__ = ["appointments", "clients", "counselors", "reviews", "rules", "schedule"]
