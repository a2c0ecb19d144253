"""What the logs of this process do, by the live parameters."""

from datetime import date

from accounts.services.parameters import parameter
from config import logs


def apply_log_parameters() -> None:
    """Called by the pulse: after a change all processes log by it within a second."""
    logs.apply(parameter)


def clean_logs(*, today: date) -> int:
    """Delete the files past their keeping time, on this machine; how many."""
    return logs.delete_old_logs(today=today, keep_days=parameter("LOG_KEEP_DAYS"))
