import time

from django.db.backends.mysql import base

TRUSTED_SECONDS = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    """BEGIN and COMMIT where Django switches autocommit off and on around them; and a connection
    that was found well is trusted for TRUSTED_SECONDS, not asked again for every request.

    One that failed in between is looked at when its request ends, as ever, and opened anew.
    """

    _well_until = 0.0

    def _start_transaction_under_autocommit(self):
        """Named by Django; the driver then finds autocommit on already and leaves it alone."""
        with self.wrap_database_errors:
            self.connection.query("BEGIN")

    def close_if_health_check_failed(self):
        if self.health_check_done or time.monotonic() < self._well_until:
            return
        super().close_if_health_check_failed()
        if self.health_check_done:
            self._well_until = time.monotonic() + TRUSTED_SECONDS

    def connect(self):
        super().connect()
        self._well_until = time.monotonic() + TRUSTED_SECONDS
