from counseling.admin import appointments, clients, counselors, schedule

__all__ = ["appointments", "clients", "counselors", "schedule"]
