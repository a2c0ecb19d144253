"""What of counseling can be exported."""

from accounts.exports import StatsExport
from counseling.serializers.stats import AppointmentStatsQuery
from counseling.services.appointment_stats import appointment_stats
from counseling.services.stat_tables import rows_of


class AppointmentStatsExport(StatsExport):
    label = "预约统计"
    query = AppointmentStatsQuery

    def table(self, *, viewer, now, **wanted):
        return rows_of(appointment_stats(**wanted, viewer=viewer, now=now))
