from counseling.admin import appointments, clients, counselors, rules, schedule

__all__ = ["appointments", "clients", "counselors", "rules", "schedule"]
